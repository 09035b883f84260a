"""`pipeproof dbt sample`: from a live PostgreSQL or DuckDB to fixtures that the project's own tests run on."""

from contextlib import closing

import duckdb
import pytest
from dbt_versions import given_to_test, version_1_alone

from pipeproof.cli import main
from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.own_tests import OwnTests, list_tests
from pipeproof.environments.dbt.sampling.reading import reading
from pipeproof.errors import InputError
from pipeproof.variables import DBT_SAMPLE_KEY

pytestmark = version_1_alone("`pipeproof dbt sample` reads a live target by an adapter of version 1")
TABLES = """
create schema raw;
create table raw.customers as select i as id, 'Customer ' || i as name, 'c' || i || '@acme.org' as email
  from generate_series(1, 500) as t(i);
create table raw.orders as select i as id, 501 - i as customer_id,
  case when i % 2 = 0 then 'paid' else 'open' end as status,
  i * 1.25 as amount, timestamp '2026-01-01' + i * interval '1 hour' as ordered_at from generate_series(1, 400) as t(i);
"""
FILES = {
    "dbt_project.yml": "name: live\nprofile: live\n",
    "models/per_customer.sql": (
        "select c.id, c.name, sum(o.amount) as total from {{ source('raw', 'orders') }} o "
        "left join {{ source('raw', 'customers') }} c on c.id = o.customer_id where o.status = 'paid' group by 1, 2"
    ),
    "models/schema.yml": """
sources:
  - name: raw
    tables:
      - {name: customers}
      - name: orders
        columns: [{name: status, data_tests: [{accepted_values: {name: known, OF_STATES}}]}]
models:
  - name: per_customer
    columns: [{name: id, data_tests: [{not_null: {name: joined}}, {unique: {name: once}}]}]
""".replace("OF_STATES", given_to_test("values: [paid, open]")),
}
POSTGRES = {"type": "postgres", "host": "{host}", "port": "{port}", "user": "{user}", "password": "", "threads": "1"}


@pytest.fixture
def write_project(tmp_path, monkeypatch):
    """Write the project with a profile; the targets `dev` and `prod` are the same."""
    monkeypatch.setenv(DBT_SAMPLE_KEY.name, "a secret")

    def write(**output):
        settings = ", ".join(f"{name}: {value}" for name, value in output.items())
        profile = f"live: {{target: dev, outputs: {{dev: &dev {{{settings}}}, prod: *dev}}}}\n"
        for name, content in {**FILES, "profiles.yml": profile}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(content)
        return tmp_path

    return write


def sample(folder, *arguments):
    return main(["dbt", "sample", "--directory", str(folder), "--rows", "20", *arguments])


def read_fixtures(folder):
    return {file.name: file.read_bytes() for file in (folder / "fixtures" / "raw").iterdir()}


def check(folder, make_project):
    """The joins and the states are kept, the names are not; and the project's own tests pass on it."""
    orders, customers = (folder / "fixtures" / "raw" / f"{name}.csv" for name in ("orders", "customers"))
    orders = orders if orders.exists() else orders.with_suffix(".parquet")
    counted = f"select count(*), count(c.id) from '{orders}' o left join '{customers}' c on o.customer_id = c.id"
    assert duckdb.sql(counted).fetchall() == [(20, 20)]
    assert duckdb.sql(f"select distinct status from '{orders}' order by 1").fetchall() == [("open",), ("paid",)]
    assert "acme" not in customers.read_text() + str(duckdb.sql(f"select * from '{orders}'"))
    assert "Customer" not in customers.read_text()
    project = make_project(project_dir=folder)
    with closing(OwnTests(project)) as tests:
        assert [tests.run(test, lambda _kind, _data: None).status for test in list_tests(project)] == ["pass"] * 3


def test_sample__of_a_duckdb_file(write_project, make_project, tmp_path, capsys):
    file = tmp_path / "live.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute(TABLES)
    before = file.read_bytes()
    folder = write_project(type="duckdb", path=file)
    assert sample(folder, "--dbt-target", "prod") == DbtSetupError.exit_code
    assert "'prod' looks like production" in capsys.readouterr().err
    assert not (folder / "fixtures").exists()
    assert sample(folder, "--dbt-target", "prod", "--allow-target", "prod") == 0
    said = capsys.readouterr().out
    assert "raw.customers: 40 rows, fixtures/raw/customers.csv" in said
    assert "as they are: status, amount, ordered_at" in said
    assert file.read_bytes() == before
    first = read_fixtures(folder)
    assert sample(folder, "--dbt-target", "dev") == DbtSetupError.exit_code
    assert "customers.csv" in capsys.readouterr().err
    assert sample(folder, "--dbt-target", "dev", "--replace", "raw.customers", "raw") == 0
    assert read_fixtures(folder) == first
    check(folder, make_project)


def test_sample__of_postgresql(write_project, make_project, postgres_database):
    postgres_database.execute(TABLES)
    server = {name: value.format(**vars_of(postgres_database)) or "''" for name, value in POSTGRES.items()}
    folder = write_project(**server, dbname=postgres_database.database, schema="public")
    assert sample(folder, "--dbt-target", "dev") == 0
    check(folder, make_project)


def vars_of(server):
    return {"host": server.host, "port": server.port, "user": server.user}


def test_reading__postgresql_writes_nothing(postgres_database):
    import psycopg2

    connection = psycopg2.connect(
        host=postgres_database.host, port=postgres_database.port, user=postgres_database.user,
        dbname=postgres_database.database,
    )  # fmt: skip
    with closing(connection), reading(connection) as read, pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        read("create table x (y int)")


def test_sample__without_a_key(write_project, tmp_path, monkeypatch, capsys):
    folder = write_project(type="duckdb", path=tmp_path / "none.duckdb")
    monkeypatch.delenv(DBT_SAMPLE_KEY.name)
    assert sample(folder, "--dbt-target", "dev") == InputError.exit_code
    assert f"{DBT_SAMPLE_KEY.name} is not set" in capsys.readouterr().err
