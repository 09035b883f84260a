"""What a test runs is the project as the variables and the environment make it at that moment."""

import pytest

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.errors import DbtNothingSelected, DbtRefusedError
from pipeproof.environments.dbt.requests import write_listing

LATE = "{{ config(post_hook=\"{% if target.name == 'production' %} insert into audit.log select 1 {% endif %}\") }}"
FILES = {
    "dbt_project.yml": """
name: following
profile: following
models:
  following:
    flagged:
      +enabled: "{{ env_var('FOLLOWING_FLAG', 'false') == 'true' }}"
""",
    "models/flagged.sql": "select 1 as id",
    "models/named.sql": (
        "{{ config(alias=('x_' ~ env_var('FOLLOWING_NAME', 'none')) if var('by_name', false) else 'x_plain') }}"
        "select '{{ this.identifier }}' as name"
    ),
    "models/reader.sql": "select name from {{ ref('named') }}",
    "models/optional.sql": "{{ config(enabled=var('optional', false)) }} select 1 as id",
    "models/counts.sql": "{% set g = graph %} select {{ g.nodes.values() | list | length }} as found",
    "models/logged.sql": (
        "{{ config(post_hook='create table ' ~ target.schema ~ '.log_of_it as select 5 as a') }} select 1 as id"
    ),
    "models/elsewhere.sql": '{{ config(post_hook="create table audit.log as select 5 as a") }} select 1 as id',
    "models/late.sql": LATE + " select 1 as id",
    "models/ver_v1.sql": "select 1 as id",
    "models/ver_v2.sql": "{{ config(materialized='incremental') }} select 2 as id",
    "models/ver.yml": """
models:
  - name: ver
    latest_version: 2
    versions: [{v: 1}, {v: 2}]
""",
}


@pytest.fixture(scope="module")
def following(make_project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("following")
    (folder / "models").mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content)
    return make_project(project_dir=folder)


@pytest.fixture
def scenario(following):
    dbt = open_scenario(following, lambda _kind, _data: None)
    yield dbt
    dbt.close()


def test_environment__that_the_project_file_looks_at(scenario, monkeypatch):
    with pytest.raises(DbtNothingSelected, match="flagged is disabled"):
        scenario.run("flagged")
    monkeypatch.setenv("FOLLOWING_FLAG", "true")
    scenario.given("flagged", [{"id": 3}])
    scenario.run("flagged")
    scenario.expect("flagged", [{"id": 1}])
    monkeypatch.delenv("FOLLOWING_FLAG")
    with pytest.raises(DbtNothingSelected, match="flagged is disabled"):
        scenario.run("flagged")
    scenario.expect("flagged", [{"id": 1}])  # it was built in this test


def test_environment__that_is_looked_at_under_some_variables(scenario, monkeypatch):
    for name in ("one", "two", "one"):
        monkeypatch.setenv("FOLLOWING_NAME", name)
        scenario.run("named", vars={"by_name": True})
        scenario.expect("named", [{"name": f"x_{name}"}])
        assert scenario.sql("select name from {{ ref('named') }}") == [{"name": f"x_{name}"}]
    scenario.run("named")
    scenario.expect("named", [{"name": "x_plain"}])


def test_environment__of_another_worker_is_not_taken_over(following, make_project, tmp_path, monkeypatch):
    """Workers share what one has parsed where it looked at nothing that is otherwise in their environments."""
    monkeypatch.setenv("FOLLOWING_FLAG", "true")
    first = make_project(project_dir=following.path, shared=tmp_path)
    assert "flagged" in first.view().names
    second = make_project(project_dir=following.path, shared=tmp_path)
    assert "flagged" in second.view().names
    assert len([*tmp_path.glob("*.parsed")]) == 1
    monkeypatch.delenv("FOLLOWING_FLAG")
    third = make_project(project_dir=following.path, shared=tmp_path)
    assert "flagged" not in third.view().names
    assert len([*tmp_path.glob("*.parsed")]) == 2


def test_given__under_a_name_that_the_run_changes(scenario):
    scenario.given("named", [{"name": "stands in"}])
    scenario.run("reader", vars={"by_name": True})
    scenario.expect("reader", [{"name": "stands in"}])


def test_names__are_those_of_the_last_run(scenario):
    scenario.run("optional", vars={"optional": True})
    scenario.expect("optional", [{"id": 1}])
    scenario.given("optional", [{"id": 2}])
    scenario.run("reader named")  # what stands in is disabled here
    scenario.expect("optional", [{"id": 2}])


def test_graph__by_another_name(scenario):
    scenario.run("counts")
    assert scenario.rows("counts")[0]["found"] > 5


def test_hook__that_a_configuration_makes_of_the_target(scenario):
    scenario.run("logged")
    assert scenario.sql("select a from {{ target.schema }}.log_of_it") == [{"a": 5}]


@pytest.mark.parametrize("options", [{}, {"full_refresh": True, "args": ["--threads", "1"]}])
def test_hook__with_a_schema_is_refused_before_anything_runs(scenario, options):
    with pytest.raises(DbtRefusedError, match="elsewhere would create table audit"):
        scenario.run("elsewhere", **options)
    there = "select 1 as n from information_schema.tables where table_schema = '{{ target.schema }}'"
    assert scenario.sql(there) == []


def test_hook__of_another_target_is_not_refused(scenario):
    scenario.run("late")
    scenario.expect("late", [{"id": 1}])


def test_listing__has_the_options_that_select():
    arguments = ["run", "--select", "a", "b", "--full-refresh", "--threads", "1", "--exclude=c", "--vars", "{}"]
    assert write_listing(arguments)[:8] == ["list", "--select", "a", "b", "--exclude=c", "--vars", "{}", "--output"]


@pytest.mark.parametrize("name", ["ver", "ver.v2", "following.ver.v2"])
def test_version__is_named_outright(scenario, name):
    scenario.given("ver", [{"id": 7}])
    scenario.run(name)
    scenario.expect("ver.v2", [{"id": 2}, {"id": 7}])


def test_sql__before_anything_else(scenario):
    scenario.sql("create table {{ target.schema }}.made as select 1 as n")
    assert scenario.sql("select n from {{ target.schema }}.made") == [{"n": 1}]
