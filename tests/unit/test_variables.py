"""Pipeproof's own variables: which value holds, and which are refused."""

import pytest

from pipeproof import variables
from pipeproof.errors import InputError
from pipeproof.inputs import Inputs, chosen_variables


@pytest.mark.parametrize(
    ("option", "environment", "ini", "holds"),
    [
        ("one", "two", "three", "one"),
        (None, "two", "three", "two"),
        ("", "", "three", "three"),
        (None, None, "", "embedded"),
    ],
)
def test_read__what_is_nearer_to_the_run_goes_first(
    option: str | None, environment: str | None, ini: str, holds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIPEPROOF_DBT_TARGET", raising=False)
    if environment is not None:
        monkeypatch.setenv("PIPEPROOF_DBT_TARGET", environment)
    assert variables.DBT_TARGET.read(option, ini) == holds


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PIPEPROOF_DBT_ENGINE", "rust"),
        ("PIPEPROOF_DBT_SCHEMA_PREFIX", "a" * 16),
        ("PIPEPROOF_DBT_SCHEMA_PREFIX", "Tests"),
        ("PIPEPROOF_DBT_TARGET", "one\ntwo"),
        ("PIPEPROOF_NETWORK", "closed"),
        ("PIPEPROOF_PREFECT_DATABASE", "postgresql://db/prefect"),
    ],
)
def test_read__a_value_that_cannot_be_is_an_input_error(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match=f"{name}.*allowed"):
        variables.TO_BE_SET[name].read()


def test_chosen_variables__are_the_inputs_that_differ_from_their_defaults() -> None:
    assert chosen_variables(Inputs()) == {}
    chosen = chosen_variables(Inputs(dbt_target="ci", dbt_project_dir="warehouse"))
    assert chosen == {"PIPEPROOF_DBT_TARGET": "ci", "PIPEPROOF_DBT_PROJECT_DIR": "warehouse"}
