"""Nodes are told apart by their unique ids: versions, unit tests of one name, folders called like models."""

from contextlib import closing

import pytest
from dbt_versions import given_to_test, version_1_alone

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.errors import DbtNodeError
from pipeproof.environments.dbt.own_tests import MissingInput, OwnTests, list_tests
from pipeproof.environments.dbt.result import DbtFailed

FILES = {
    "dbt_project.yml": "name: alike\nprofile: alike\n",
    "seeds/orders.csv": "id\n1\n",
    "models/src.sql": "select 1 as id",
    "models/dim_v1.sql": "select 1 as id",
    "models/dim_v2.sql": "select nonsense as id",
    "models/dim_v3.sql": "select 3 as id",
    "models/priced_v1.sql": "select id from {{ ref('src') }}",
    "models/priced_v2.sql": "select id + 1 as id from {{ ref('src') }}",
    "models/a.sql": "select id from {{ ref('src') }}",
    "models/b.sql": "select id + 1 as id from {{ ref('src') }}",
    "models/c.sql": "select id from {{ ref('src') }}",
    "models/orders/broken.sql": "{{ config(tags=['not_null_orders_id']) }} select nonsense as id",
    "models/orders/deep/a_and_more.sql": "select nonsense as id",
    "models/pay.sql": "select 1 as id",
    "models/pay/other.sql": "select nonsense as id",
    "models/not_null_pay_id/odd.sql": "select nonsense as id",
    "models/schema.yml": """
models:
  - name: dim
    latest_version: 3
    versions: [{v: 1}, {v: 2}, {v: 3}]
  - name: priced
    latest_version: 1
    versions: [{v: 1}, {v: 2}]
  - name: pay
    columns: [{name: id, data_tests: [not_null]}]
  - name: odd
    columns: [{name: id, data_tests: [{not_null: {name: not_null_pay_id}}]}]
  - name: a
    columns:
      - name: id
        data_tests:
          - accepted_values: {name: known, OF_ONE}
  - name: b
    columns:
      - name: id
        data_tests:
          - accepted_values: {name: known, OF_ONE}
          - unique
  - name: broken
    columns: [{name: id, data_tests: [unique, not_null]}]
seeds:
  - name: orders
    columns: [{name: id, data_tests: [not_null]}]
unit_tests:
  - &one
    name: keeps_rows
    model: a
    given: [{input: ref('src'), rows: [{id: 5}]}]
    expect: {rows: [{id: 5}]}
  - {<<: *one, model: b}
  - {<<: *one, model: c}
  - {<<: *one, name: keeps_price, model: priced}
""".replace("OF_ONE", given_to_test("values: [1]")),
}


@pytest.fixture(scope="module")
def alike(make_project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alike")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return make_project(project_dir=folder)


@pytest.fixture
def scenario(alike):
    dbt = open_scenario(alike, lambda _kind, _data: None)
    yield dbt
    dbt.close()


@pytest.fixture(scope="module")
def own_tests(alike):
    """Run an own test by the name of its item: what it came to, or the exception."""
    with closing(OwnTests(alike)) as tests:
        known = {test.name: test for test in list_tests(alike)}

        def run(name):
            try:
                return tests.run(known[name], lambda _kind, _data: None).status
            except (DbtFailed, MissingInput) as error:
                return error

        run.known = known
        yield run


def test_nodes__of_a_version_that_fails_in_the_middle(scenario):
    with pytest.raises(DbtFailed, match=r"^\S+/models/dim_v2.sql:1: model dim.v2: .*nonsense"):
        scenario.run("dim")
    nodes = scenario.run("dim", check=False).nodes
    assert {name: node.status for name, node in nodes.items()} == {
        "dim.v1": "success", "dim.v2": "error", "dim.v3": "success",
    }  # fmt: skip
    assert nodes["dim.v2"] == nodes["alike.dim.v2"] == nodes["model.alike.dim.v2"] == nodes["dim_v2"]
    for look in (nodes.__getitem__, nodes.get):
        with pytest.raises(DbtNodeError, match=r"several nodes of the name 'dim'.*\n.*dim.v1, dim.v2, dim.v3"):
            look("dim")
    assert "dim" in nodes
    assert "dim.v4" not in nodes
    assert nodes.get("dim.v4") is None


def test_nodes__of_one_version(scenario):
    nodes = scenario.run("dim.v3").nodes
    assert nodes["dim"] == nodes["dim.v3"]


@version_1_alone("version 2 keeps one of several tests of one name")
def test_nodes__unit_tests_of_one_name(scenario):
    scenario.run("src")
    nodes = scenario.test("test_type:unit", check=False).nodes
    assert {name: node.status for name, node in nodes.items()} == {
        "a.keeps_rows": "pass", "b.keeps_rows": "fail", "c.keeps_rows": "pass",
        "keeps_price_v1": "pass", "keeps_price_v2": "fail",
    }  # fmt: skip
    with pytest.raises(DbtFailed, match=r"unit_test b.keeps_rows: (.*\n)*unit_test keeps_price_v2 failed too"):
        scenario.test("test_type:unit")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("a.keeps_rows", "pass"),
        ("b.keeps_rows", "fail"),
        ("c.keeps_rows", "pass"),
        ("keeps_price_v1", "pass"),
        ("keeps_price_v2", "fail"),
        ("a.known", "pass"),
        ("b.known", "fail"),
        ("not_null_orders_id", "pass"),
        ("pay.not_null_pay_id", "pass"),
        ("unique_b_id", "pass"),
    ],
)
@version_1_alone("version 2 keeps one of several tests of one name")
def test_own_tests__run_for_themselves(own_tests, name, status):
    """Neither a test of the same name runs along, nor is a folder built that is called like what is tested."""
    found = own_tests(name)
    if status == "pass":
        assert found == status
    else:
        assert isinstance(found, DbtFailed)
        assert [node.names[-1] for node in found.result.nodes.values()] == [own_tests.known[name].unique_id]


@version_1_alone("version 2 keeps one of several tests of one name")
def test_own_tests__lines_of_those_of_one_name(own_tests):
    source = FILES["models/schema.yml"].splitlines()
    assert source[own_tests.known["a.known"].line - 1].strip().startswith("- accepted_values")
    lines = [own_tests.known[f"{model}.keeps_rows"].line for model in "abc"]
    assert [source[line - 1].strip()[:5] for line in lines] == ["- &on", "- {<<", "- {<<"]
    assert len(set(lines)) == 3


@version_1_alone("version 2 keeps one of several tests of one name")
def test_own_tests__of_a_model_that_cannot_be_built(own_tests):
    """The first one fails with it, the others are skipped as in stock dbt; run again, the first one fails again."""
    first, second = own_tests("not_null_broken_id"), own_tests("unique_broken_id")
    assert isinstance(first, DbtFailed)
    assert isinstance(second, MissingInput)
    assert str(second) == "broken could not be built: see not_null_broken_id"
    assert isinstance(own_tests("not_null_broken_id"), DbtFailed)
