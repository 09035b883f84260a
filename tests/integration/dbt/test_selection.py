"""What is run: `exclude`, the project's selectors, and Python models."""

from contextlib import closing

import pytest
from dbt_versions import version_1_alone

from pipeproof.environments.dbt.engine import open_scenario


@pytest.fixture
def given_inputs(dbt):
    dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
    dbt.given("stg_orders", [{"order_id": 1, "customer_id": 1, "status": "paid", "amount": 4}])
    return dbt


def test_exclude(given_inputs):
    result = given_inputs.run("customer_revenue contracted", exclude="contracted")
    assert set(result.nodes) == {"customer_revenue"}


def test_selector__of_the_project(given_inputs):
    assert set(given_inputs.run(selector="revenue").nodes) == {"customer_revenue"}
    given_inputs.expect("customer_revenue", [{"customer_id": 1, "name": "Ann", "revenue": 4}])


@version_1_alone("version 2 has no Python models on DuckDB")
def test_python_model(make_project):
    """On DuckDB, the adapter of which has them."""
    dbt = open_scenario(make_project(), lambda kind, data: None)
    with closing(dbt):
        dbt.given("stg_orders", [{"order_id": number, "customer_id": 1} for number in (1, 2)])
        assert dbt.run("scored")["scored"].status == "success"
        dbt.expect("scored", [{"customer_id": 1, "orders": 2}])
