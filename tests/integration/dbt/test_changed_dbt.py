"""Versions of dbt that have changed inside: models are built and compared all the same, and what is lost is said."""

import warnings

import pytest
from changes import assert_said, called, each_hook, forgotten, give_other_parameters, hide, said

from pipeproof.environments.dbt.in_process.patches import parsing
from pipeproof.environments.dbt.in_process.touched import DBT
from pipeproof.environments.dbt.scenario.scenario import Dbt

PROJECT = """
name: changed
profile: changed
vars:
  region: "{{ env_var('CHANGED_REGION', 'eu') }}"
"""


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(parsing._process, "parsed", True)  # a second project keeps the trees of the first
    with forgotten(DBT):
        yield


@pytest.fixture
def users_test(make_project, tmp_path_factory, monkeypatch):
    """Parses a project, builds its model and looks at it, twice, with another environment the second time."""
    folder = tmp_path_factory.mktemp("changed")
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "models").mkdir()
    (folder / "models" / "places.sql").write_text("select '{{ var(\"region\") }}' as region")

    def run():
        project = make_project(project_dir=folder)
        for region in ("eu", "us"):
            monkeypatch.setenv("CHANGED_REGION", region)
            dbt = Dbt(project, lambda _kind, _data: None)
            dbt.run("places")
            dbt.expect("places", [{"region": region}])
            dbt.close()

    return run


def recorded(users_test):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        users_test()
    return caught


@pytest.mark.parametrize("hook", each_hook(DBT))
def test_names_are_gone(monkeypatch, users_test, hook):
    """All of a hook's, as it does without them as soon as one is: `tests/unit/test_touched.py` has each by itself."""
    hide(monkeypatch, *hook.names)
    assert_said(recorded(users_test), hook, hook.names[0])


def test_parameters_have_changed(monkeypatch, users_test):
    """Of everything that is called, all at once."""
    give_other_parameters(monkeypatch, *(name for hook in DBT.hooks for name in called(hook)))
    assert len(said(recorded(users_test))) == len([hook for hook in DBT.hooks if called(hook)])


@pytest.mark.parametrize("patches", ["all", "needed", "none"])
def test_patches__nothing_is_lost_and_nothing_said(monkeypatch, users_test, patches):
    monkeypatch.setenv("PIPEPROOF_PATCHES", patches)
    assert [str(warning.message) for warning in recorded(users_test) if "as pipeproof knows it" in str(warning)] == []
