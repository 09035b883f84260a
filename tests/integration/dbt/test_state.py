"""`state:modified` and `--defer` against a production manifest."""

import json
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from pipeproof import DbtFailed, DbtNothingSelected
from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.requests import fetch_state


@pytest.fixture
def production(dbt, tmp_path):
    """Production's manifest: the project as it is, with its models in a schema of its own and one model changed."""
    manifest = dbt.project.nodes_manifest
    if not isinstance(manifest, dict):  # an object of dbt's own
        manifest = manifest.writable_manifest().to_dict(omit_none=False)
    manifest = json.loads(json.dumps(manifest, default=str))
    changed = manifest["nodes"]["model.shop.stg_customers"]
    changed["raw_code"] = "select 1 as as_it_was_before"
    for node in manifest["nodes"].values():
        node["schema"] = "production_copy"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


def test_state__modified_alone_is_run(dbt, production):
    dbt.given("customers", [{"id": 1, "name": "Ann"}])
    assert set(dbt.run("state:modified", state=production).nodes) == {"stg_customers"}
    with pytest.raises(DbtNothingSelected):
        dbt.run("state:new", state=production / "manifest.json")


def test_defer__reads_production_and_does_not_write_it(dbt, production):
    """What is neither built nor given is production's; the error says where it was looked for."""
    dbt.given("int_paid_orders", [{"order_id": 1, "customer_id": 7, "amount": 4}])
    with pytest.raises(DbtFailed, match="production_copy"):
        dbt.run("customer_revenue", state=production, defer=True)
    with change_database(dbt, "create schema production_copy", "drop schema production_copy cascade") as execute:
        execute("create table production_copy.stg_customers as select 7 as customer_id, 'Prod' as name")
        dbt.run("customer_revenue", state=production, defer=True)
        dbt.expect("customer_revenue", [{"customer_id": 7, "name": "Prod", "revenue": 4}])
        assert dbt.sql("select name from production_copy.stg_customers") == [{"name": "Prod"}]
        there = "select table_name from information_schema.tables where table_schema = 'production_copy'"
        assert dbt.sql(there) == [{"table_name": "stg_customers"}]
        dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
        dbt.run("customer_revenue", state=production, defer=True)
        dbt.expect("customer_revenue", [{"customer_id": 1, "revenue": 0}])


@contextmanager
def change_database(dbt, make, undo):
    """Change the database of a test from outside of it."""

    def execute(statement):
        with closing(dbt.project.connect(dbt.schema)) as handle:
            handle.cursor().execute(statement)
            if dbt.project.adapter == "postgres":
                handle.commit()

    execute(make)
    try:
        yield execute
    finally:
        execute(undo)


def test_fetch_state__from_s3(request, tmp_path):
    pytest.importorskip("moto")
    aws = request.getfixturevalue("aws")
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="artifacts", **({} if s3.meta.region_name == "us-east-1" else {
        "CreateBucketConfiguration": {"LocationConstraint": s3.meta.region_name}
    }))  # fmt: skip
    s3.put_object(Bucket="artifacts", Key="prod/manifest.json", Body=b"{}")
    for url in ("s3://artifacts/prod", "s3://artifacts/prod/manifest.json"):
        assert (fetch_state(url, tmp_path) / "manifest.json").read_text() == "{}"
    with pytest.raises(DbtSetupError, match=r"s3://artifacts/nowhere/manifest\.json"):
        fetch_state("s3://artifacts/nowhere", tmp_path)


def test_fetch_state__not_there(tmp_path):
    with pytest.raises(DbtSetupError, match=r"no manifest\.json"):
        fetch_state(Path(tmp_path), tmp_path)
