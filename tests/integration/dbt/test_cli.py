"""dbt by its command line, as where its Python entry is missing: the executable of the dbt that is installed here."""

import json
import sys
from contextlib import closing
from datetime import date
from decimal import Decimal

import pytest
from dbt_versions import version_1_alone

from pipeproof import DbtFailed
from pipeproof.environments.dbt import engine
from pipeproof.environments.dbt.cli.log import read_log
from pipeproof.environments.dbt.cli.project import CliProject
from pipeproof.environments.dbt.cli.scenario import CliDbt
from pipeproof.environments.dbt.errors import DbtNotBuiltError, DbtOptionError, DbtSetupError
from pipeproof.environments.dbt.project.settings import Settings, find_projects
from pipeproof.environments.dbt.run_names import name_run
from pipeproof.variables import DBT_ENGINE


@pytest.fixture
def without_python_entry(monkeypatch):
    """No `dbt.cli.main` can be imported."""
    monkeypatch.setitem(sys.modules, "dbt.cli.main", None)
    engine._has_python_entry.cache_clear()
    yield
    engine._has_python_entry.cache_clear()


@pytest.fixture(scope="module")
def cli_project(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dbt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(DBT_ENGINE.name, "cli")
        settings = Settings(request.path.parent / "shop", schema_prefix="pptest")
        project = engine.open_project(settings, name_run("pptest"), folder, folder)
    yield project
    project.close()


@pytest.fixture
def dbt(cli_project):
    scenario = engine.open_scenario(cli_project, lambda kind, data: None)
    yield scenario
    scenario.close()


def files_of(folder):
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_cli__build_with_stand_ins(dbt, raw_orders):
    """Sources, what stands in for a model (with its ancestors cut off), ephemeral models, tests, and their lines."""
    before = files_of(dbt.project.path)
    dbt.given("raw.orders", raw_orders)
    dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}, {"customer_id": 1, "name": "Bob"}])
    with pytest.raises(DbtFailed, match="unique_customer_revenue_customer_id") as failed:
        dbt.build("+customer_revenue int_paid_orders")
    nodes = failed.value.result.nodes
    built = {name for name, node in nodes.items() if node.resource_type in {"model", "seed"}}
    assert built == {"stg_orders", "int_paid_orders", "customer_revenue"}
    assert nodes["customers_without_orders_bring_nothing"].status == "pass"
    assert nodes["customer_revenue"].relation == f'"pipeproof"."{dbt.schema}_marketing"."customer_revenue"'
    assert (failed.value.location.file.name, failed.value.location.line) == ("marts.yml", 8)
    dbt.expect("customer_revenue", [{"name": "Ann", "revenue": 10}, {"name": "Bob", "revenue": 10}])
    dbt.expect("int_paid_orders", [{"order_id": 1}, {"order_id": 3}])
    assert dbt.sql("select sum(amount) as amount from {{ ref('stg_orders') }}") == [{"amount": Decimal("22.50")}]
    with pytest.raises(DbtNotBuiltError, match=r"dbt\.run\(\"orders\"\)"):
        dbt.rows("orders")
    assert files_of(dbt.project.path) == before


def test_cli__incremental_onto_given_rows(dbt, raw_orders):
    """Also: a model that stands in no more has its own file again."""
    order = raw_orders[1] | {"order_id": 7}
    dbt.given("orders", [{name: value for name, value in order.items() if name != "id"}])
    dbt.given("raw.orders", raw_orders)
    result = dbt.run("stg_orders orders")
    assert {name: node.status for name, node in result.nodes.items()} == {"stg_orders": "success", "orders": "success"}
    dbt.expect("orders", [{"order_id": 7}, {"order_id": 3}])


def test_cli__a_snapshot_with_a_schema_of_its_own(dbt, raw_orders):
    """The copy gives it one of the test's."""
    dbt.given("raw.orders", raw_orders[:2])
    node = dbt.snapshot().nodes["order_history"]
    assert node.relation == f'"pipeproof"."{dbt.schema}_history"."order_history"'
    dbt.expect("order_history", [{"id": 1, "status": "paid"}, {"id": 2, "status": "open"}])


def test_cli__sources_that_the_project_makes_itself(monkeypatch, tmp_path):
    """A source that names the relation of a seed is where the test has the seed."""
    monkeypatch.setenv(DBT_ENGINE.name, "cli")
    project_dir, folder = tmp_path / "project", tmp_path / "folder"
    sources = "sources: [{name: shop, schema: main_landing, tables: [{name: orders, identifier: raw}]}]\n"
    for name, content in {
        "dbt_project.yml": "name: made\nprofile: made\nseeds: {made: {+schema: landing}}\n",
        "seeds/raw.csv": "id\n1\n",
        "models/orders.sql": "select id from {{ source('shop', 'orders') }}",
        "models/schema.yml": sources,
    }.items():
        (project_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (project_dir / name).write_text(content)
    project = engine.open_project(Settings(project_dir, schema_prefix="pptest"), name_run("pptest"), folder, tmp_path)
    with closing(project), closing(engine.open_scenario(project, lambda _kind, _data: None)) as scenario:
        scenario.seed()
        scenario.run("orders")
        assert scenario.rows("shop.orders") == scenario.rows("orders") == [{"id": 1}]


def test_cli__its_copy_is_no_project(cli_project):
    """pytest's temporary folders may be below the working directory, where projects are looked for."""
    assert (cli_project.overlay.folder / "dbt_project.yml").is_file()
    assert find_projects(cli_project.folder) == []


def test_cli__leaves_no_schema(cli_project):
    cursor = cli_project.connect("main")
    names = {name for (name,) in cursor.execute("select schema_name from information_schema.schemata").fetchall()}
    assert not {name for name in names if name.startswith("pptest")}


@pytest.mark.parametrize(
    "line",
    [
        {"info": {"name": "NoNodesForSelectionCriteria", "msg": "…"}, "data": {"spec_raw": "stg_order"}},
        "The selection criterion 'stg_order' does not match any enabled nodes",
    ],
)
def test_read_log__what_matches_nothing(line):
    """As dbt 1.11 writes it, and as text."""
    outcome = read_log(0, line if isinstance(line, str) else json.dumps(line), "")
    assert outcome.unmatched == ["stg_order"]


def test_read_log__what_failed():
    error = {"info": {"name": "MainEncounteredError", "level": "error", "msg": "no such thing"}, "data": {}}
    assert str(read_log(2, f"{json.dumps(error)}\nmore", "and this").exception) == "no such thing\nand this"
    assert str(read_log(1, "just text", "").exception) == "just text"
    assert read_log(0, json.dumps(error), "a warning").exception is None


def test_choose_engine__by_what_is_installed(without_python_entry, monkeypatch, tmp_path):
    assert engine.choose_engine() == "cli"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DbtSetupError, match="dbt is not installed"):
        engine.choose_engine()


@version_1_alone("it is about the Python entry of version 1")
def test_choose_engine__python_where_it_is():
    assert engine.choose_engine() == "python"


def test_cli__embedded_alone(cli_project, tmp_path):
    with pytest.raises(DbtSetupError, match="embedded database alone"):
        CliProject(Settings(cli_project.path, "ci"), name_run("pptest"), tmp_path, tmp_path)


def test_open_scenario__is_the_projects(cli_project, dbt):
    assert type(cli_project) is CliProject
    assert type(dbt) is CliDbt


def test_cli__macros(dbt, raw_orders):
    """By themselves, in a model, and in queries; the copy has its own files again afterwards."""
    dbt.given("raw.orders", raw_orders)
    assert dbt.macro("cents", "it's {{ a }}", scale=3) == "(it's {{ a }} / 100)::numeric(16, 3)"
    assert dbt.macro("as_given", {"a": [1, "é\n", None, True]}) == {"a": [1, "é\n", None, True]}
    dbt.given("orders", [{"order_id": 1}])
    assert dbt.macro("since", "order_id", this="orders") == "order_id > (select max(order_id) from orders)"
    dbt.run("stg_orders")
    query = "select {{ cents('sum(amount)') }} as total from {{ ref('int_paid_orders') }}"
    assert dbt.sql(query) == [{"total": Decimal("0.18")}]
    with pytest.raises(DbtFailed, match="not positive: -1"):
        dbt.macro("must_be_positive", -1)
    assert set(dbt.run("stg_orders").nodes) == {"stg_orders"}


def test_cli__at_a_time(monkeypatch, tmp_path):
    """In SQL; where the project asks Jinja for the time it is refused."""
    monkeypatch.setenv(DBT_ENGINE.name, "cli")
    project_dir, folder = tmp_path / "project", tmp_path / "folder"
    for name, content in {
        "dbt_project.yml": "name: timed\nprofile: timed\n",
        "models/today.sql": "select current_date as day, {{ dbt.current_timestamp() }} as moment",
        "models/later.sql": "select day + 1 as day from {{ ref('today') }}",
    }.items():
        (project_dir / name).parent.mkdir(parents=True, exist_ok=True)
        (project_dir / name).write_text(content)

    def scenario(number):
        settings, place = Settings(project_dir, schema_prefix="pptest"), folder / str(number)
        project = engine.open_project(settings, name_run("pptest"), place, tmp_path / f"shared{number}")
        return closing(project), closing(engine.open_scenario(project, lambda _kind, _data: None))

    for number in (1, 2):
        (tmp_path / f"shared{number}").mkdir()
    opened, dbt = scenario(1)
    with opened, dbt as dbt:
        dbt.at("2026-01-31")
        dbt.run()
        assert dbt.rows("later") == [{"day": date(2026, 2, 1)}]
        assert dbt.sql("select moment = now() as same from {{ ref('today') }}") == [{"same": True}]
    (project_dir / "models/started.sql").write_text("select '{{ run_started_at }}' as started")
    opened, dbt = scenario(2)
    with (
        opened,
        dbt as dbt,
        pytest.raises(DbtOptionError, match=r"models/started\.sql takes the time from the machine"),
    ):
        dbt.at("2026-01-31")
