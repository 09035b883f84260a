"""Own tests of projects whose sources are not there, or are the project's own seeds: as in stock dbt."""

from contextlib import closing

import pytest
from dbt_versions import given_to_test

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.errors import DbtRowsError
from pipeproof.environments.dbt.own_tests import MissingInput, OwnTests, list_tests
from pipeproof.environments.dbt.result import DbtFailed

SCHEMA_MACRO = """
{% macro generate_schema_name(custom_schema_name, node) %}
  {% if node.resource_type == 'seed' %}landing{% else %}{{ target.schema }}{% endif %}
{% endmacro %}
"""
ABSENT = {
    "dbt_project.yml": "name: absent\nprofile: absent\n",
    "models/stg_orders.sql": """
with source as (select * from {{ source('raw', 'orders') }})
select id as order_id, customer, (cents / 100)::numeric(16, 2) as amount, status = 'paid' as is_paid,
  date_trunc('day', placed) as placed_on
from source
""",
    "models/passed_on.sql": "select * from {{ source('raw', 'customers') }}",
    "models/kinds_v1.sql": "select id as kind from {{ source('raw', 'kinds') }}",
    "models/kinds_v2.sql": "select id as kind, label from {{ source('raw', 'kinds') }}",
    "models/held.sql": "select id, name from {{ source('raw', 'kinds') }} where {{ undeclared_function() }}",
    "models/impossible.sql": "select id, unheard_of(id) as name from {{ source('raw', 'kinds') }}",
    "macros/functions.sql": "{% macro undeclared_function() %}unheard_of(id){% endmacro %}"
    "{% macro rate() %}1{% endmacro %}",
    "models/orders.sql": """
select o.*, c.name, o.amount * {{ rate() }} as converted, year(c.born) as born_in
from {{ ref('stg_orders') }} o left join {{ ref('passed_on') }} c on o.customer = c.id
""",
    "models/labels.sql": "select kind from {{ ref('kinds', v=1) }}",
    "models/kept.sql": "{{ config(materialized='table') }} select kind, label from {{ ref('kinds', v=2) }}",
    "models/kept_on.sql": "{{ config(materialized='incremental') }} select * from {{ ref('kept') }}",
    "models/of_kept.sql": "select kind, label from {{ ref('kept_on') }}",
    "models/names.sql": "select id, name from {{ ref('held') }} union all select id, name from {{ ref('impossible') }}",
    "models/facts.sql": """
{{ config(materialized='incremental') }}
select order_id, placed_on from {{ ref('stg_orders') }}
{% if is_incremental() %} where placed_on > (select max(placed_on) from {{ this }}) {% endif %}
""",
    "tests/fixtures/paid.csv": "order_id,amount\n1,5.25\n2,\n",
    "models/schema.yml": """
sources:
  - name: raw
    tables:
      - {name: orders}
      - name: customers
        columns: [{name: id, data_type: integer}]
      - {name: kinds}
models:
  - {name: kinds, latest_version: 2, versions: [{v: 1}, {v: 2}]}
  - name: held
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: integer}, {name: name, data_type: varchar}]
unit_tests:
  - name: of_a_source_whose_columns_are_left_out
    model: stg_orders
    given: [{input: "source('raw', 'orders')", rows: [{id: 1, cents: 250, placed: "2026-01-02 10:00:00"}]}]
    expect: {rows: [{order_id: 1, amount: 2.5, placed_on: 2026-01-02, is_paid: null}]}
  - name: of_columns_that_only_a_table_knows
    model: orders
    given:
      - {input: ref('stg_orders'), rows: [{order_id: 1, customer: 7}, {order_id: 2, amount: 3}]}
      - {input: ref('passed_on'), rows: [{id: 7, name: Ann, born: "1990-05-06"}]}
    expect:
      rows:
        - {order_id: 1, name: Ann, amount: null, born_in: 1990}
        - {order_id: 2, name: null, amount: 3.00, born_in: null}
  - name: of_fixtures_and_overrides
    model: orders
    given:
      - {input: ref('stg_orders'), format: csv, fixture: paid}
      - {input: ref('passed_on'), format: sql, rows: "select 1 as id, 'x' as name, date '2026-01-01' as born"}
    overrides: {macros: {rate: 2}}
    expect:
      format: csv
      rows: |
        order_id,amount,converted
        1,5.25,10.50
        2,,
  - name: of_versions
    model: labels
    given:
      - {input: "ref('kinds', v=1)", rows: [{kind: 1}]}
    expect: {rows: [{kind: 1}]}
  - name: of_tables_whose_columns_have_no_type
    model: of_kept
    given: [{input: ref('kept_on'), rows: [{kind: 2026-01-02, label: x}]}]
    expect: {rows: [{kind: 2026-01-02, label: x}]}
  - name: of_models_that_cannot_be_built
    model: names
    given:
      - {input: ref('held'), rows: [{id: 1, name: x}]}
      - {input: "ref('absent', 'impossible')", rows: [{id: 2, name: y}]}
    expect: {rows: [{id: 1, name: x}, {id: 2, name: y}]}
  - name: of_this
    model: facts
    overrides: {macros: {is_incremental: true}}
    given:
      - {input: ref('stg_orders'), rows: [{order_id: 1, placed_on: 2026-01-01}, {order_id: 2, placed_on: 2026-01-02}]}
      - {input: this, rows: [{placed_on: 2026-01-01}]}
    expect: {rows: [{order_id: 2, placed_on: 2026-01-02}]}
  - name: of_a_column_that_is_not_there
    model: facts
    overrides: {macros: {is_incremental: false}}
    given:
      - {input: ref('stg_orders'), rows: [{order_id: 1, plaecd_on: 2026-01-01}]}
      - {input: this, rows: []}
    expect: {rows: [{order_id: 1}]}
""",
}
SEEDED = {
    "dbt_project.yml": "name: seeded\nprofile: seeded\nseeds: {seeded: {+schema: landing}}\n",
    "macros/schemas.sql": SCHEMA_MACRO,
    "seeds/raw_orders.csv": "id,placed\n1,2026-01-01 10:00:00\n",
    "models/stg_orders.sql": "select id as order_id, placed::date as day from {{ source('shop', 'orders') }}",
    "models/orders.sql": "{{ config(materialized='table') }} select * from {{ ref('stg_orders') }}",
    "fixtures/landed/people.csv": "id,name\n1,Ann\n2,\n",
    "fixtures/landed/visits.yml": "- {person: 1, day: 2026-01-01}\n- {person: 3, day: 2026-01-02}\n",
    "models/people.sql": "select id, name from {{ source('landed', 'people') }}",
    "models/visits.sql": "select person, day + interval 1 day as after from {{ source('landed', 'visits') }}",
    "models/beside.sql": "select '{{ source('beside', 'things') }}' as place",
    "models/schema.yml": """
sources:
  - name: shop
    schema: landing
    tables: [{name: orders, identifier: raw_orders}]
  - name: landed
    tables:
      - name: people
        columns: [{name: id, data_tests: [unique]}]
      - {name: visits}
  - name: beside
    schema: "{{ target.schema }}_beside"
    tables: [{name: things}]
models:
  - name: orders
    columns: [{name: order_id, data_tests: [unique, not_null]}]
  - name: people
    columns: [{name: name, data_tests: [not_null]}]
  - name: visits
    columns:
      - name: person
        data_tests: [{relationships: {name: known, TO_PEOPLE}}]
unit_tests:
  - name: of_a_seed_s_columns
    model: stg_orders
    given: [{input: "source('shop', 'orders')", rows: [{id: 4}]}]
    expect: {rows: [{order_id: 4, day: null}]}
""".replace("TO_PEOPLE", given_to_test("to: ref('people'), field: id")),
}


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def run_all(project):
    """What each of a project's own tests came to: its status, or the exception."""
    found = {}
    with closing(OwnTests(project)) as tests:
        for test in list_tests(project):
            try:
                found[test.name] = tests.run(test, lambda _kind, _data: None).status
            except (DbtFailed, MissingInput) as error:
                found[test.name] = error
    return found


def test_unit_tests__without_tables_of_their_inputs(make_project, tmp_path):
    found = run_all(make_project(project_dir=write(tmp_path, ABSENT)))
    missing = found.pop("of_a_column_that_is_not_there")
    assert set(found.values()) == {"pass"}, found
    assert "Invalid column name: 'plaecd_on' in unit test fixture for 'stg_orders'" in str(missing)


@pytest.fixture(scope="module")
def seeded(make_project, tmp_path_factory):
    return make_project(project_dir=write(tmp_path_factory.mktemp("seeded"), SEEDED))


def test_own_tests__of_sources_that_are_seeds_or_have_fixtures(seeded):
    found = run_all(seeded)
    failed = {name for name, result in found.items() if result != "pass"}
    assert failed == {"not_null_people_name", "known"}, found
    assert all(isinstance(found[name], DbtFailed) for name in failed)


def test_fixtures__in_a_test(seeded):
    with closing(open_scenario(seeded, lambda _kind, _data: None)) as dbt:
        dbt.fixtures("landed.people")
        dbt.run("people")
        dbt.expect("people", [{"id": 1, "name": "Ann"}, {"id": 2, "name": None}])
        with pytest.raises(DbtRowsError, match=r"shop.orders has no fixture\n.*fixtures/shop/orders.csv"):
            dbt.fixtures("shop.orders")
        dbt.fixtures()
        dbt.run("visits")
        misspelt = seeded.path / "fixtures" / "landed" / "poeple.csv"
        misspelt.write_text("id\n1\n")
        with pytest.raises(DbtRowsError, match=r"poeple.csv:1: .* no table 'poeple'.*\n.*did you mean people"):
            dbt.fixtures()
        misspelt.unlink()


def test_sources__that_the_project_makes_go_where_they_are_made(seeded):
    with closing(open_scenario(seeded, lambda _kind, _data: None)) as dbt:
        with pytest.raises(DbtFailed, match=r'or build what is there first: dbt.build\("raw_orders"\)'):
            dbt.run("stg_orders")
        dbt.seed()
        dbt.run("+orders beside")
        dbt.expect("orders", [{"order_id": 1}])
        assert dbt.sql("select count(*) as n from {{ source('shop', 'orders') }}") == [{"n": 1}]
        assert f"{dbt.schema}_beside" in dbt.rows("beside")[0]["place"]
        dbt.given("raw_orders", [{"id": 2, "placed": None}])
        dbt.run("+orders")
        dbt.expect("orders", [{"order_id": 2}])
        dbt.given("shop.orders", [{"id": 3, "placed": None}])
        dbt.run("+orders")
        dbt.expect("orders", [{"order_id": 3}])


NAMED_SCHEMA = {
    "dbt_project.yml": "name: named\nprofile: named\n",
    "profiles.yml": "named: {target: d, outputs: {d: {type: snowflake, schema: \"{{ env_var('NO', 'Tests_1') }}\"}}}\n",
    "seeds/raw_orders.csv": "id,cents\n1,250\n",
    "seeds/raw_days.csv": "day\n2026-01-01\n",
    "models/orders.sql": "select id, cents / 100 as amount from {{ source('shop', 'orders') }}",
    "models/days.sql": "select day from {{ source('days', 'days') }}",
    "models/schema.yml": """
sources:
  - name: shop
    schema: tests_1
    tables: [{name: orders, identifier: raw_orders, columns: [{name: id, data_tests: [unique]}]}]
  - name: days
    schema: tests_1_landing
    tables: [{name: days, identifier: raw_days}]
seeds: [{name: raw_days, config: {schema: landing}}]
models:
  - {name: orders, columns: [{name: amount, data_tests: [not_null]}]}
  - {name: days, columns: [{name: day, data_tests: [not_null]}]}
""",
}
"""As packages' integration tests have it: the sources name the schema into which the profile puts the seeds."""


def test_own_tests__of_sources_in_the_schema_that_the_profile_names(make_project, tmp_path):
    found = run_all(make_project(project_dir=write(tmp_path, NAMED_SCHEMA)))
    assert list(found.values()) == ["pass"] * 3, found
