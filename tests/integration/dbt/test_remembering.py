"""What is kept from one invocation to the next must never be what another test has."""

from contextlib import nullcontext
from datetime import date

import pytest

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.in_process import runner

PROJECT = """
name: told
profile: told
vars:
  place: "{{ target.schema }}"
  region: "{{ env_var('TOLD_REGION', 'eu') }}"
"""
MODEL = 'select \'{{ var("place") }}\' as place, \'{{ var("region") }}\' as region, \'{{ var("size", "s") }}\' as size'


@pytest.fixture(scope="module")
def told_project(make_project, tmp_path_factory):
    """A project whose settings look at the target and at the environment."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "models").mkdir()
    (folder / "models" / "told.sql").write_text(MODEL)
    return make_project(project_dir=folder)


@pytest.fixture
def scenario(told_project):
    """Makes tests of that project."""
    made = []

    def make():
        made.append(open_scenario(told_project, lambda _kind, _data: None))
        return made[-1]

    yield make
    for dbt in made:
        dbt.close()


def test_settings__with_the_schema_in_them_are_each_tests_own(scenario):
    for dbt in (scenario(), scenario()):
        dbt.run("told")
        dbt.expect("told", [{"place": dbt.schema}])


def test_settings__follow_the_environment_and_the_variables(scenario, monkeypatch):
    dbt = scenario()
    dbt.run("told")
    monkeypatch.setenv("TOLD_REGION", "us")
    dbt.run("told")
    dbt.expect("told", [{"region": "us", "size": "s"}])
    dbt.run("told", vars={"size": "l"})
    dbt.expect("told", [{"region": "us", "size": "l"}])
    monkeypatch.delenv("TOLD_REGION")
    dbt.run("told")
    dbt.expect("told", [{"region": "eu", "size": "s"}])


def test_relations__that_a_query_made_are_seen(dbt):
    """What is in the schema is known only until a query of the test's has run."""
    dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
    dbt.given("int_paid_orders", [{"customer_id": 1, "amount": 3}])
    schema = f"{dbt.schema}_marketing"
    dbt.sql(f"create schema {schema}")
    dbt.sql(f"create table {schema}.customer_revenue as select 1 as old")
    dbt.run("customer_revenue")
    dbt.expect("customer_revenue", [{"customer_id": 1, "name": "Ann", "revenue": 3}])
    dbt.sql(f"drop schema {schema} cascade")


def test_run__where_dbt_has_none_of_what_is_replaced(dbt, monkeypatch):
    """Another version of dbt may have other insides: then it takes longer, and does the same."""
    monkeypatch.setattr(runner, "remembering", lambda *_arguments: nullcontext())
    dbt.given(
        "raw.orders", [{"id": 1, "customer_id": 1, "status": "paid", "amount": 2, "ordered_at": date(2026, 1, 1)}]
    )
    dbt.run(["stg_orders", "orders"])
    dbt.expect("orders", [{"order_id": 1, "status": "paid"}])
    dbt.run("orders")
    dbt.expect("orders", [{"order_id": 1, "status": "paid"}])
