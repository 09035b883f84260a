# ruff: noqa: E501 - a project's file in a line is easier to read than one in five
"""Nothing is written outside the test's schemas, whatever the project does: rebuilds of what public projects do."""

import pytest
from dbt_versions import version_1_alone

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.errors import DbtRefusedError, DbtSetupError

PROFILE_ENV = "SHOP"
MADE_UP = version_1_alone("what a macro makes up is not seen before version 2 runs it")


@pytest.fixture
def make_dbt(tmp_path, make_project, request):
    """Make a project of files, on either database, and a scenario of it."""
    made = []

    def make(files, target="embedded"):
        if target != "embedded":
            request.getfixturevalue("shop_database")
        project = tmp_path / f"project{len(made)}"
        project_file = "name: audited\nversion: '1.0'\nprofile: shop\n"
        profiles = (request.path.parent / "shop" / "profiles.yml").read_text()
        for name, content in {"dbt_project.yml": project_file, "profiles.yml": profiles, **files}.items():
            path = project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        dbt = open_scenario(make_project(project, target), lambda kind, data: None)
        made.append(dbt)
        return dbt

    yield make
    for dbt in made:
        dbt.close()


def schemas_of(database):
    return {name for (name,) in database.execute("select nspname from pg_namespace")}


@pytest.mark.parametrize("target", ["embedded", "ci"])
@pytest.mark.parametrize(
    ("node", "files"),
    [
        ("a", {"models/a.sql": "{{ config(post_hook=\"insert into audit.log values ('{{ this.name }}')\") }} select 1 as x"}),
        pytest.param("a", {
            "models/a.sql": "select {{ note() }} as x",
            "macros/note.sql": "{% macro note() %}{% if execute %}{% do run_query('create schema audit') %}{% endif %} 1 {% endmacro %}",
        }, marks=MADE_UP),
        pytest.param("a", {
            "models/a.sql": "{{ config(pre_hook='{{ log_it(this) }}') }} select 1 as x",
            "macros/log_it.sql": "{% macro log_it(relation) %} {% set schema = 'au' ~ 'dit' %} create table {{ schema }}.log as select 1 as x {% endmacro %}",
        }, marks=MADE_UP),
        pytest.param("a", {
            "models/a.sql": "{{ config(materialized='own') }} select 1 as x",
            "macros/own.sql": "{% materialization own, default %}{% call statement('main') %} create table production.a as {{ sql }} {% endcall %}{{ return({'relations': []}) }}{% endmaterialization %}",
        }, marks=MADE_UP),
    ],
    ids=["hook", "macro", "computed name", "materialization"],
)  # fmt: skip
def test_run__refuses_what_would_be_written_elsewhere(make_dbt, request, target, node, files):
    dbt = make_dbt(files, target)
    with pytest.raises(DbtRefusedError, match=f"^{node} would "):
        dbt.run("a")
    if target != "embedded":
        database = request.getfixturevalue("shop_database")
        assert not {"audit", "production"} & schemas_of(database)


def test_run__refuses_a_hook_of_the_project_that_writes_elsewhere(make_dbt, shop_database):
    project = "name: audited\nversion: '1.0'\nprofile: shop\non-run-start: create schema if not exists audit\n"
    dbt = make_dbt({"models/a.sql": "select 1 as x", "dbt_project.yml": project}, "ci")
    with pytest.raises(DbtRefusedError, match=r"^audited-on-run-start-0 would create schema audit"):
        dbt.run("a")
    assert "audit" not in schemas_of(shop_database)


HIDDEN = {
    "behind_a_cte": "with c as (select 1 as x) update victims.v set id = 99",
    "in_a_list": "drop table if exists {{ target.schema }}.a, victims.v",
    "behind_a_backslash": r"select split_part('a', '\\', 1); update victims.v set id = 98 where 'x' = 'x'",
    "by_search_path": "set search_path = 'victims'; create table evil as select 1 as id",
    "moved_out": "alter table {{ this }} set schema victims",
    "to_a_file": "copy (select 1 as a) to '/nowhere/x.csv'",
}
HIDDEN_ON = {
    "embedded": {
        "replaced": "insert or replace into victims.v values (97)",
        "as_a_macro": "create or replace macro victims.m() as 42",
        "used": "use victims",
        "attached": "attach '/nowhere/x.duckdb' as o",
    },
    "ci": {
        "selected": "select 1 as a, 2 as b into victims.evil from {{ this }}",
        "truncated": "truncate {{ this }}, victims.v",
        "granted": "grant usage on schema victims to public",
        "refreshed": "refresh materialized view victims.mv",
        "in_a_block": "do $x$ begin create table victims.evil (a int); end $x$",
        "not_known": "security label on schema victims is 'x'",
    },
}


@pytest.mark.parametrize("target", ["embedded", "ci"])
def test_run__refuses_what_is_hidden_in_a_statement(make_dbt, target):
    hooks = HIDDEN | HIDDEN_ON[target]
    dbt = make_dbt({
        f"models/{name}.sql": f'{{{{ config(materialized="table", post_hook="{hook}") }}}} select 1 as id'
        for name, hook in hooks.items()
    }, target)  # fmt: skip
    for name in hooks:
        with pytest.raises(DbtRefusedError, match=rf"^{name} would .* outside"):
            dbt.run(name)


@pytest.mark.parametrize("target", ["embedded", "ci"])
def test_run__what_hooks_do_to_their_own_table_works(make_dbt, target):
    """Indexes, comments, statistics and grants; and what is in a string is no statement."""
    hooks = [
        "create index {{ this.identifier }}_x on {{ this }} (x)",
        "comment on table {{ this }} is 'drop table public.y; it''s'",
        "analyze {{ this }}",
        "with c as (select 2 as x) insert into {{ this }} select x from c",
    ]
    if target == "ci":
        hooks += ["grant select on {{ this }} to public", "set statement_timeout = 0", "lock table {{ this }}"]
    dbt = make_dbt({
        "models/a.sql": f"{{{{ config(materialized='table', persist_docs={{'relation': true, 'columns': true}}, post_hook={hooks!r}) }}}} select 1 as x",
        "models/a.yml": "models: [{name: a, description: \"update public.x; it's\", columns: [{name: x, description: \"x; drop table public.x\"}]}]",
    }, target)  # fmt: skip
    dbt.run("a")
    dbt.expect("a", [{"x": 1}, {"x": 2}])


def test_run__refused_before_anything_runs(make_dbt):
    """A hook whose schema is written out is seen before its model, or any before it, is built."""
    dbt = make_dbt({
        "models/first.sql": "select 1 as x",
        "models/second.sql": "{{ config(post_hook='delete from audit.log') }} select * from {{ ref('first') }}",
    })  # fmt: skip
    with pytest.raises(DbtRefusedError, match=r"^second would delete table audit\.log, .* outside"):
        dbt.run("+second")
    assert dbt.sql("select count(*) as n from information_schema.tables where table_name = 'first'") == [{"n": 0}]
    dbt.run("first")


@version_1_alone("version 2 puts what has no schema into `main`")
@pytest.mark.parametrize("target", ["embedded", "ci"])
def test_run__hooks_that_follow_the_target_work(make_dbt, target):
    """Logs in the target's schema, unqualified scratch tables, grants and comments are the test's own."""
    dbt = make_dbt({
        "dbt_project.yml": (
            "name: audited\nversion: '1.0'\nprofile: shop\n"
            "on-run-start: ['create table if not exists {{ target.schema }}.log (name text)', 'create table if not exists notes (x int)']\n"
            "on-run-end: 'insert into notes values (1)'\n"
        ),
        "models/a.sql": "{{ config(materialized='table', post_hook=\"insert into {{ target.schema }}.log values ('{{ this.name }}')\") }} select 1 as x",
    }, target)  # fmt: skip
    dbt.run("a")
    assert dbt.sql("select * from {{ target.schema }}.log") == [{"name": "a"}]
    assert dbt.sql("select * from {{ target.schema }}.notes") == [{"x": 1}]


@pytest.mark.parametrize("target", ["embedded", "ci"])
def test_run__fixed_schemas_aliases_and_stored_failures_are_moved(make_dbt, target):
    dbt = make_dbt({
        "macros/name.sql": "{% macro generate_schema_name(custom, node) %}{{ custom or 'production' }}{% endmacro %}",
        "models/a.sql": "{{ config(schema='finance', alias='renamed', materialized='table') }} select 1 as x",
        "tests/stored.sql": "{{ config(store_failures=true, schema='failures') }} select * from {{ ref('a') }} where x > 1",
    }, target)  # fmt: skip
    result = dbt.build()
    places = {node.relation.replace('"', "").split(".", 1)[1] for node in result.nodes.values() if node.relation}
    assert places == {f"{dbt.schema}_finance.renamed", f"{dbt.schema}_failures.stored"}
    dbt.expect("a", [{"x": 1}])


def test_run__external_models_write_to_a_temporary_place(make_dbt):
    dbt = make_dbt({"models/a.sql": "{{ config(materialized='external', location='out/a.parquet') }} select 1 as x"})
    dbt.run("a")
    dbt.expect("a", [{"x": 1}])
    assert not (dbt.project.path / "out").exists()


def test_close__leaves_nothing(make_dbt, shop_database):
    before = schemas_of(shop_database)
    dbt = make_dbt({"models/a.sql": "{{ config(schema='x') }} select 1 as x"}, "ci")
    dbt.run("a")
    assert schemas_of(shop_database) - before == {dbt.schema, f"{dbt.schema}_x"}
    dbt.close()
    assert schemas_of(shop_database) == before


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("prod_eu", "looks like production"),
        ("twin", "schema of the profile's default target"),
        ("nope", "has no target"),
    ],
)
def test_target__refused(make_project, shop_database, target, message):
    with pytest.raises(DbtSetupError, match=message):
        make_project(target=target)


def test_target__allowed_by_name(make_project, shop_database):
    project = make_project(target="prod_eu", allowed_targets=frozenset({"prod_eu"}))
    assert project.profile.output["schema"] != "production"


@version_1_alone("with version 2 there is the embedded database alone")
def test_adapter__not_installed(tmp_path, make_project):
    (tmp_path / "dbt_project.yml").write_text("name: x\nversion: '1.0'\nprofile: x\n")
    (tmp_path / "profiles.yml").write_text("x:\n  target: a\n  outputs:\n    ci: {type: nowhere, schema: s}\n")
    with pytest.raises(DbtSetupError, match="add dbt-nowhere"):
        make_project(tmp_path, "ci")
