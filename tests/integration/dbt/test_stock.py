"""What comes out as in stock dbt: unit tests of incremental models, keys, files, `graph`."""

from contextlib import closing

import pytest
from dbt_versions import since, version_1_alone

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.own_tests import OwnTests, list_tests

KEYED = "{{ config(materialized='table', contract={'enforced': true}) }} "
INCREMENT = "{% if is_incremental() %} where day > (select max(day) from {{ this }}) {% endif %}"
FILES = {
    "dbt_project.yml": "name: stock\nprofile: stock\n",
    "models/src.sql": "select 1 as id, date '2026-01-01' as day",
    "models/facts.sql": (
        f"{{{{ config(materialized='incremental') }}}} select id, day from {{{{ ref('src') }}}} {INCREMENT}"
    ),
    "models/raw_facts.sql": (
        f"{{{{ config(materialized='incremental') }}}} select id, day from {{{{ source('raw', 'days') }}}} {INCREMENT}"
    ),
    "models/parent.sql": KEYED + "select 1 as a, 2 as b",
    "models/child.sql": KEYED + "select a from {{ ref('parent') }}",
    "models/ext.sql": "{{ config(materialized='external') }} select 1 as id",
    "models/places.sql": (
        "{% if execute %}select '{{ graph.nodes['model.stock.src'].relation_name }}' as place{% endif %}"
    ),
    "models/schema.yml": """
sources:
  - name: raw
    tables: [{name: days}]
models:
  - name: parent
    constraints: [{type: primary_key, columns: [a]}]
    columns: [{name: a, data_type: integer}, {name: b, data_type: integer}]
  - name: child
    constraints: [{type: foreign_key, columns: [a], to: ref('parent'), to_columns: [a]}]
    columns: [{name: a, data_type: integer}]
unit_tests:
  - name: only_newer
    model: facts
    overrides: {macros: {is_incremental: true}}
    given:
      - {input: ref('src'), rows: [{id: 1, day: 2026-01-01}, {id: 2, day: 2026-01-02}]}
      - {input: this, rows: [{id: 1, day: 2026-01-01}]}
    expect: {rows: [{id: 2, day: 2026-01-02}]}
  - name: only_newer_of_the_source
    model: raw_facts
    overrides: {macros: {is_incremental: true}}
    given:
      - {input: "source('raw', 'days')", rows: [{id: 1, day: 2026-01-01}, {id: 2, day: 2026-01-02}]}
      - {input: this, format: csv, rows: "id,day\\n1,2026-01-01"}
    expect: {rows: [{id: 2, day: 2026-01-02}]}
""",
}


@pytest.fixture(scope="module")
def stock(make_project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stock")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return make_project(project_dir=folder)


@pytest.fixture
def scenario(stock):
    dbt = open_scenario(stock, lambda _kind, _data: None)
    yield dbt
    dbt.close()


@pytest.mark.parametrize("name", ["only_newer", "only_newer_of_the_source"])
def test_unit_test__of_an_incremental_model_that_was_never_built(stock, name):
    test = next(test for test in list_tests(stock) if test.name == name)
    with closing(OwnTests(stock)) as tests:
        assert tests.run(test, lambda _kind, _data: None).status == "pass"


@since("1.11.1", "its key names the database, which DuckDB refuses, and its tables cannot be replaced", "dbt-duckdb")
@version_1_alone("version 2 does not build twice a model with a key that another refers to")
def test_keys__a_child_is_built_twice_and_on_a_given_parent(scenario):
    """The adapter's own macros look at `graph` for what points to a table."""
    scenario.run("+child")
    scenario.run("+child")
    scenario.given("parent", [{"a": 5, "b": 6}])
    scenario.run("child")
    scenario.expect("child", [{"a": 5}])
    scenario.given("parent", "select 7 as a, 8 as b")
    scenario.run("child")
    scenario.expect("child", [{"a": 7}])


def test_external__without_a_location(scenario):
    scenario.run("ext")
    scenario.expect("ext", [{"id": 1}])


def test_graph__has_the_test_s_schema(scenario):
    scenario.run("places")
    assert scenario.schema in scenario.rows("places")[0]["place"]


@pytest.mark.parametrize(
    "select", ["src", "+src", "src+", "fqn:src", "fqn:stock.src", "path:models/src.sql", "file:src.sql"]
)
def test_selection__of_a_given_model_by_whatever_method(scenario, select):
    scenario.given("src", [{"id": 9}])
    scenario.run(select, exclude="facts ext places child parent")
    assert scenario.sql("select id from {{ ref('src') }}") == [{"id": 1}]
