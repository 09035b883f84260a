# ruff: noqa: E501 - a project's file in a line is easier to read than one in five
"""A project with an installed package, as public ones are: an audit table kept by hooks, macros overridden by dispatch,
models in custom schemas. All of it stays inside the test's schemas, or is refused."""

import pytest

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.errors import DbtRefusedError, DbtSetupError

PACKAGE = {
    "dbt_project.yml": """
name: audit_kit
version: '1.0'
on-run-start: "{{ audit_kit.create_audit_log() }}"
on-run-end: ["{{ audit_kit.log_results(results) }}", "{% if target.type == 'postgres' %}grant usage on schema {{ audit_kit.audit_schema() }} to public{% endif %}"]
models:
  audit_kit:
    +schema: reports
    +materialized: table
    +post-hook: "{{ audit_kit.log_event('built', this) }}"
""",
    "macros/audit.sql": """
{% macro audit_schema() %}{{ return(adapter.dispatch('audit_schema', 'audit_kit')()) }}{% endmacro %}
{% macro default__audit_schema() %}{{ return('audit') }}{% endmacro %}
{% macro create_audit_log() %}
  create schema if not exists {{ audit_kit.audit_schema() }};
  create table if not exists {{ audit_kit.audit_schema() }}.log (event text, name text)
{% endmacro %}
{% macro log_event(event, relation) %}
  insert into {{ audit_kit.audit_schema() }}.log values ('{{ event }}', '{{ relation.identifier }}')
{% endmacro %}
{% macro log_results(results) %}
  {% if execute and results %}
    insert into {{ audit_kit.audit_schema() }}.log
    {% for result in results %} select '{{ result.status }}', '{{ result.node.name }}' {{ 'union all' if not loop.last }} {% endfor %}
  {% endif %}
{% endmacro %}
""",
    "models/calendar.sql": "select 1 as day",
    "models/holidays.sql": "{{ config(materialized='view', schema='shared') }} select day from {{ ref('calendar') }} where day > 5",
}

PROJECT = {
    "dbt_project.yml": """
name: audited
version: '1.0'
profile: shop
dispatch:
  - {macro_namespace: audit_kit, search_order: [audited, audit_kit]}
""",
    "packages.yml": "packages:\n  - local: ../audit_kit\n",
    "macros/schemas.sql": "{% macro generate_schema_name(custom_schema_name, node) %}{{ custom_schema_name or target.schema }}{% endmacro %}",
    "models/days.sql": "{{ config(materialized='table', schema='finance') }} select day from {{ ref('audit_kit', 'calendar') }}",
}

FOLLOWS_THE_TARGET = {
    "macros/audit.sql": "{% macro default__audit_schema() %}{{ return(target.schema ~ '_meta') }}{% endmacro %}"
}


@pytest.fixture
def make_audited(tmp_path, make_project, request):
    """Make a project with the package installed, on either database, and a scenario of it."""
    made = []

    def make(target, files=(), *, deps=True):
        if target != "embedded":
            request.getfixturevalue("shop_database")
        profiles = {"profiles.yml": (request.path.parent / "shop" / "profiles.yml").read_text()}
        for folder, content in (("audit_kit", PACKAGE), ("audited", {**PROJECT, **profiles, **dict(files)})):
            for name, text in content.items():
                path = tmp_path / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        project = tmp_path / "audited"
        if deps:
            from dbt.cli.main import dbtRunner

            (project / "dbt_packages").mkdir()
            (project / "dbt_packages" / "audit_kit").symlink_to(tmp_path / "audit_kit")
            assert (
                dbtRunner()
                .invoke(["deps", "--project-dir", str(project), "--profiles-dir", str(project), "--quiet"])
                .success
            )
        dbt = open_scenario(make_project(project, target), lambda kind, data: None)
        made.append(dbt)
        return dbt

    yield make
    for dbt in made:
        dbt.close()


def schemas_of(database):
    # Each connection that makes a temporary table leaves its pg_temp_N behind, empty, for whoever connects next.
    return {name for (name,) in database.execute(r"select nspname from pg_namespace where nspname not like 'pg\_%'")}


@pytest.mark.parametrize("target", ["embedded", "ci"])
def test_package__stays_inside(make_audited, request, target):
    before = schemas_of(request.getfixturevalue("shop_database")) if target != "embedded" else set()
    dbt = make_audited(target, FOLLOWS_THE_TARGET)
    result = dbt.build()
    places = {node.relation.replace('"', "").split(".")[1] for node in result.nodes.values() if node.relation}
    assert places == {f"{dbt.schema}_{ending}" for ending in ("reports", "shared", "finance")}
    dbt.expect("audit_kit.calendar", [{"day": 1}])
    dbt.expect("days", [{"day": 1}])
    logged = dbt.sql("select event, name from {{ target.schema }}_meta.log where name = 'calendar' order by event")
    assert [(row["event"], row["name"]) for row in logged] == [("built", "calendar"), ("success", "calendar")]
    if target != "embedded":
        database = request.getfixturevalue("shop_database")
        assert schemas_of(database) - before == {dbt.schema, *places, f"{dbt.schema}_meta"}
        dbt.close()
        assert schemas_of(database) == before


@pytest.mark.parametrize(
    ("target", "refused"),
    [
        ("embedded", "calendar would insert table audit.log"),
        ("ci", "audit_kit-on-run-start-0 would create schema audit"),
    ],
)
def test_package__its_fixed_schema_is_refused(make_audited, request, target, refused):
    """In the embedded database only what its models write there: the hooks of a run may."""
    dbt = make_audited(target)
    with pytest.raises(DbtRefusedError, match=f"^{refused}"):
        dbt.run("+days")
    if target != "embedded":
        assert "audit" not in schemas_of(request.getfixturevalue("shop_database"))


def test_package__not_installed(make_audited):
    with pytest.raises(DbtSetupError, match=r"packages of the project are not in dbt_packages.*\n.*dbt deps"):
        make_audited("embedded", deps=False)
