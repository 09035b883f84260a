"""What a test gets wrong is told in its own words: what is not there, what is, and what to write instead."""

import pytest
from dbt_versions import version_1_alone

from pipeproof import DbtFailed, DbtNothingSelected
from pipeproof.environments.dbt.errors import (
    DbtNameError,
    DbtNodeError,
    DbtNotBuiltError,
    DbtOptionError,
    DbtQueryError,
    DbtRowsError,
    DbtSetupError,
)

ORDER = {"id": 1, "customer_id": 1, "status": "paid", "amount": 1, "ordered_at": "2026-01-01 09:00:00"}


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda dbt: dbt.rows("stg_orders"), DbtNotBuiltError, r"^stg_orders was not built .*\n.*dbt\.run\(\"stg_ord"),
        (lambda dbt: dbt.expect("stg_orders", [{"order_id": 1}]), DbtNotBuiltError, r"^stg_orders was not built"),
        (lambda dbt: dbt.sql("select * from {{ ref('customers') }}"), DbtNotBuiltError, r"dbt\.seed\(\"customers\"\)"),
        (lambda dbt: dbt.rows("raw.orders"), DbtNotBuiltError, r"source raw\.orders .*\n.*dbt\.given\(\"raw\.orders"),
        (lambda dbt: dbt.sql("select * from {{ ref('stg_order') }}"), DbtNameError, "did you mean stg_orders"),
        (lambda dbt: dbt.sql("selec 1"), DbtQueryError, "^the query: .*selec"),
        (lambda dbt: dbt.sql("select {{ nothing }}"), DbtQueryError, "'nothing' is undefined"),
        (lambda dbt: dbt.given("raw.orders", "selec 1"), DbtQueryError, r"query given for raw\.orders"),
        (lambda dbt: dbt.given(7, []), DbtNameError, "named by text"),
        (lambda dbt: dbt.given("STG_ORDERS", []), DbtNameError, "did you mean stg_orders"),
        (lambda dbt: dbt.given("customers", [{"idd": 1}]), DbtRowsError, r"has no column 'idd'\n.*id, name"),
        (lambda dbt: dbt.given("contracted", [{"nam": 1}]), DbtRowsError, r"no column 'nam'\n.*customer_id, name"),
        (lambda dbt: dbt.given("stg_orders", []), DbtRowsError, "no rows to tell the columns of stg_orders from"),
        (lambda dbt: dbt.given("raw.orders", "nope.csv"), DbtRowsError, r"no file nope\.csv"),
        (lambda dbt: dbt.given("stg_orders", [{"a": 1}, {"a": "x"}]), DbtRowsError, "column 'a'"),
        (lambda dbt: dbt.given("raw.orders", [ORDER | {"ordered_at": "soon"}]), DbtRowsError, r"raw\.orders.*soon"),
        (lambda dbt: dbt.run("stg_order"), DbtNothingSelected, r"stg_order matches nothing\n.*did you mean stg_orders"),
        (lambda dbt: dbt.run("+customers"), DbtNothingSelected, r"is a seed: dbt\.seed\(\"customers\"\)"),
        (lambda dbt: dbt.run(" "), DbtNothingSelected, "selection is empty"),
        (lambda dbt: dbt.run([]), DbtNothingSelected, "selection is empty"),
        (lambda dbt: dbt.run(7), DbtNameError, "text or a list"),
        (lambda dbt: dbt.run(vars="min_amount: 1"), DbtOptionError, r"vars is a dict, not 'min_amount: 1'"),
        (lambda dbt: dbt.run("x", full_refesh=True), TypeError, r"^dbt\.run has no .*\n.*did you mean full_refresh"),
        (lambda dbt: dbt.run("state:modified"), DbtOptionError, r"state:modified compares .*\n.*state=\"…/manifest"),
        (lambda dbt: dbt.seed("customers").nodes["custmers"], DbtNodeError, "did you mean customers"),
        (lambda dbt: dbt.seed("customers")["custmers"], KeyError, "what ran is customers"),
        (lambda dbt: dbt.run("stg_customers"), DbtFailed, r"dbt\.seed\(\"customers\"\), or dbt\.build\(\"\+stg_cust"),
        (
            lambda dbt: dbt.given("raw.orders", [{"id": 1, "amout": 1}]),
            DbtRowsError,
            r"no column 'amout' .*\n.*mean amount",
        ),
        (lambda dbt: dbt.run("stg_orders", exclude="stg_orders"), DbtNothingSelected, "without stg_orders"),
    ],
)
def test_mistake__is_told(dbt, ask, error, message):
    with pytest.raises(error, match=message):
        ask(dbt)


def test_run__without_a_selection_is_everything(dbt):
    with pytest.raises(DbtFailed) as failed:
        dbt.run()
    assert {"stg_orders", "customer_revenue"} <= set(failed.value.result.nodes)


def test_rows__of_what_failed(dbt):
    dbt.run("stg_orders", check=False)
    with pytest.raises(DbtNotBuiltError, match="its last run in this test ended with 'error'"):
        dbt.rows("stg_orders")


def test_given__after_a_run_replaces_what_was_built(dbt):
    dbt.given("raw.orders", [ORDER])
    dbt.run("stg_orders  int_paid_orders")
    with pytest.raises(DbtRowsError, match=r"stg_orders has no column 'id'\n.*order_id, customer_id"):
        dbt.given("stg_orders", [{"id": 5}])
    dbt.given("stg_orders", [{"order_id": 5}])
    dbt.expect("stg_orders", [{"order_id": 5}])


def test_run__a_column_that_what_stands_in_lacks(dbt):
    dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
    dbt.given("stg_orders", [{"order": 1}])
    with pytest.raises(DbtFailed, match=r"stg_orders was given the columns order") as failed:
        dbt.run("customer_revenue")
    assert "give it rows" not in str(failed.value)


def test_expect__options_that_cannot_be(dbt):
    dbt.given("stg_orders", [{"order_id": 1, "status": "paid"}])
    for wrong in (-1, float("nan"), "x", {"order_id": -0.1}):
        with pytest.raises(DbtRowsError, match="is not a distance"):
            dbt.expect("stg_orders", [{"order_id": 1}], tolerance=wrong)
    with pytest.raises(DbtRowsError, match=r"no column 'total'\n.*order_id, status"):
        dbt.expect("stg_orders", [{"total": 1}])
    dbt.expect("stg_orders", [{"order_id": 1, "status": "open"}], columns="order_id")


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "not a table"), ("id,id\n1,2\n", "'id' more than once"), ("id,amount\n1,2,3\n", "Expected 2 columns, got 3")],
)
def test_given__csv_that_is_no_table(dbt, tmp_path, content, message):
    file = tmp_path / "rows.csv"
    file.write_text(content)
    with pytest.raises(DbtRowsError, match=message):
        dbt.given("raw.orders", file)


@version_1_alone("with version 2 no profile of the project is read")
def test_target__that_is_misspelt(make_project, tmp_path, monkeypatch):
    (tmp_path / "dbt_project.yml").write_text("name: alone\nprofile: alone\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DbtSetupError, match=r"^dbt-target: 'embeded' is .*\n.*did you mean embedded") as refused:
        make_project(project_dir=tmp_path, target="embeded")
    looked = refused.value.message.partition("profiles.yml in ")[2].split(", ")
    assert len(looked) == len(set(looked)) == 2
    (tmp_path / "profiles.yml").write_text("alone: {outputs: {ci: {type: duckdb}}}\n")
    with pytest.raises(DbtSetupError, match="did you mean embedded"):
        make_project(project_dir=tmp_path, target="embeded")
