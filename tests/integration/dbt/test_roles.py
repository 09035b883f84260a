"""Grants, owners, and queries as another role: PostgreSQL's own word; elsewhere what the project says."""

import pytest

from pipeproof.environments.dbt.errors import DbtNotBuiltError, DbtOptionError, DbtQueryError


@pytest.fixture
def on_postgres(dbt):
    if dbt.project.adapter != "postgres":
        pytest.skip("PostgreSQL's roles")


def test_grants__what_was_built(dbt):
    """The owner is not among them."""
    dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
    dbt.run("masked_customers")
    assert dbt.grants("masked_customers") == {"select": ["clerk", "reporter"], "update": ["clerk"]}
    assert dbt.grants("model:masked_customers")["select"] == ["clerk", "reporter"]


def test_grants__of_what_was_not_built(dbt, on_postgres):
    with pytest.raises(DbtNotBuiltError, match=r'dbt\.run\("masked_customers"\)'):
        dbt.grants("masked_customers")


def test_grants__none(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders)
    dbt.run("stg_orders")
    assert dbt.grants("stg_orders") == {}


def test_role__reads_what_is_masked_for_it_and_writes_nothing(dbt, on_postgres):
    dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
    dbt.run("masked_customers named_customers")
    with dbt.role("reporter"):
        assert dbt.sql("select name from {{ ref('named_customers') }}") == [{"name": "***"}]
        with pytest.raises(DbtQueryError, match="permission denied for table masked_customers"):
            dbt.sql("update {{ ref('masked_customers') }} set name = 'Bob'")
        with pytest.raises(DbtQueryError, match="permission denied for table stg_customers"):
            dbt.rows("stg_customers")
    with dbt.role("clerk"):
        dbt.sql("update {{ ref('masked_customers') }} set name = 'Bob'")
    dbt.expect("named_customers", [{"name": "Bob"}])


def test_role__what_the_test_prepares_is_the_connections(dbt, on_postgres, raw_orders):
    """Rows and the time, which a role may not set, and what dbt builds of them."""
    with dbt.role("reporter"):
        dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
        dbt.given("raw.orders", "select 1 as id")
        dbt.at("2026-01-31")
        dbt.run("masked_customers named_customers")
        assert dbt.sql("select name, current_user::text as role from {{ ref('named_customers') }}") == [
            {"name": "***", "role": "reporter"}
        ]
        assert dbt.sql("select current_date::text as day") == [{"day": "2026-01-31"}]


def test_role__does_not_hide_what_was_not_built(dbt, on_postgres):
    with dbt.role("reporter"), pytest.raises(DbtNotBuiltError):
        dbt.rows("masked_customers")


def test_owner__is_the_connections_role(dbt, on_postgres):
    dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
    dbt.run("masked_customers")
    (row,) = dbt.sql("select current_user::text as role")
    assert dbt.owner("masked_customers") == row["role"]
    with pytest.raises(DbtNotBuiltError):
        dbt.owner("named_customers")


def test_role__that_there_is_not(dbt, on_postgres):
    with (
        pytest.raises(DbtOptionError, match=r"the database has no role 'nobody'\n  create it: create role nobody"),
        dbt.role("nobody"),
    ):
        pass


def test_role__on_a_database_without(dbt):
    if dbt.project.adapter == "postgres":
        pytest.skip("PostgreSQL has roles")
    with pytest.raises(DbtOptionError, match=r"dbt\.role: duckdb has no roles"), dbt.role("reporter"):
        pass
    with pytest.raises(DbtOptionError, match=r"dbt\.owner: duckdb has no roles"):
        dbt.owner("stg_orders")
