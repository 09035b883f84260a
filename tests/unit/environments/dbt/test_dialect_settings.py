"""Which dialect the SQL of a project is taken to be in."""

from importlib.metadata import version
from pathlib import Path

import pytest

from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.project import profile
from pipeproof.environments.dbt.project.profile import choose_dialect
from pipeproof.environments.dbt.project.settings import Settings

PROFILES = """
shop:
  target: "{{ env_var('SHOP_TARGET', 'dev') }}"
  outputs:
    dev: {type: TYPE}
    other: {type: duckdb}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "dbt_project.yml").write_text("name: shop\nprofile: shop\n")
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    monkeypatch.delenv("SHOP_TARGET", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "chosen"),
    [("snowflake", "snowflake"), ("bigquery", "bigquery"), ("postgres", None), ("databricks", None), ("duckdb", None)],
)
def test_auto__is_the_profiles(project: Path, kind: str, chosen: str | None) -> None:
    (project / "profiles.yml").write_text(PROFILES.replace("TYPE", kind))
    assert choose_dialect(Settings(project)) == chosen
    assert choose_dialect(Settings(project, dialect="duckdb")) is None
    assert choose_dialect(Settings(project, dialect="trino")) == "trino"
    assert choose_dialect(Settings(project, target="dev")) is None


def test_auto__is_that_of_the_default_target(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "profiles.yml").write_text(PROFILES.replace("TYPE", "snowflake"))
    monkeypatch.setenv("SHOP_TARGET", "other")
    assert choose_dialect(Settings(project)) is None


@pytest.mark.parametrize("content", ["", "other: {}", ": not yaml: [", "shop: {}"])
def test_auto__without_a_profile_is_duckdbs(project: Path, content: str) -> None:
    (project / "profiles.yml").write_text(content)
    assert choose_dialect(Settings(project)) is None


def test_named__takes_a_sqlglot_that_the_lists_know(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "_SQLGLOT", (99, 0))
    with pytest.raises(DbtSetupError, match=f"takes sqlglot 99.0, and {version('sqlglot')} is installed"):
        choose_dialect(Settings(project, dialect="snowflake"))
    (project / "profiles.yml").write_text(PROFILES.replace("TYPE", "snowflake"))
    assert choose_dialect(Settings(project)) is None
