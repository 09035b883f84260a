"""20 scenarios of one model: the fixture `dbt`, dbt's own unit tests, and dbt's command line for each.

    python benchmarks/bench_dbt.py [scenarios]

Each way builds `daily_revenue` of `examples/orders` from the same rows on DuckDB and checks the result. The fixture's
and the unit tests' first run, which parses, is counted apart. `pytest-dbt-duckdb` is measured where it is installed.
"""

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
ORDERS = ROOT / "examples" / "orders" / "dbt"
ORDER = {"order_id": "A-1", "ordered_on": "2026-11-20", "currency": "EUR", "status": "fulfilled"}
LINE = {"order_id": "A-1", "sku": "TEA-ASSAM", "quantity": 2, "unit_price": 4.5}


def measure(action: Callable[[int], None], count: int) -> list[float]:
    durations = []
    for number in range(count):
        started = time.perf_counter()
        action(number)
        durations.append(time.perf_counter() - started)
    return durations


def bench_fixture(count: int, folder: Path) -> tuple[float, list[float]]:
    """Scenarios as the fixture runs them; the first is apart, as it imports dbt and parses the project."""
    from pipeproof.environments.dbt.naming import name_run
    from pipeproof.environments.dbt.project import DbtProject
    from pipeproof.environments.dbt.scenario import Dbt
    from pipeproof.environments.dbt.settings import Settings

    started = time.perf_counter()
    project = DbtProject(Settings(ORDERS), name_run("bench"), folder, folder)

    def scenario(number: int) -> None:
        dbt = Dbt(project, lambda _kind, _data: None)
        dbt.given("fct_orders", [ORDER])
        dbt.given("stg_order_lines", [LINE | {"quantity": number + 1}])
        dbt.given("products", [{"sku": "TEA-ASSAM", "category": "tea"}])
        dbt.run("daily_revenue")
        dbt.expect("daily_revenue", [{"category": "tea", "orders": 1, "revenue": 4.5 * (number + 1)}])
        dbt.close()

    scenario(0)
    first = time.perf_counter() - started
    return first, measure(scenario, count)


def bench_unit_tests(count: int, folder: Path) -> float:
    """One `dbt build` of a project with as many unit tests of the model: seconds in all."""
    project = copy_project(folder)
    rows = "\n".join(unit_test(number) for number in range(count))
    (project / "models" / "bench.yml").write_text(f"version: 2\nunit_tests:\n{rows}\n")
    land(project)
    run_dbt(project, "build", "--exclude", "resource_type:unit_test")
    started = time.perf_counter()
    run_dbt(project, "test", "--select", "test_type:unit")
    return time.perf_counter() - started


def unit_test(number: int) -> str:
    return f"""
  - name: bench_{number}
    model: daily_revenue
    given:
      - input: ref('fct_orders')
        rows: [{{order_id: A-1, ordered_on: 2026-11-20, currency: EUR, status: fulfilled}}]
      - input: ref('stg_order_lines')
        rows: [{{order_id: A-1, sku: TEA-ASSAM, quantity: {number + 1}, unit_price: 4.5}}]
      - input: ref('products')
        rows: [{{sku: TEA-ASSAM, category: tea}}]
    expect:
      rows: [{{category: tea, orders: 1, revenue: {4.5 * (number + 1)}}}]"""


def bench_command_line(count: int, folder: Path) -> list[float]:
    """What a script does: load the inputs, run dbt, look at the table."""
    import duckdb

    project = copy_project(folder)
    land(project)
    run_dbt(project, "build")

    def scenario(number: int) -> None:
        with duckdb.connect(project / "bench.duckdb") as database:
            database.execute("update raw.order_lines set quantity = ?", [number + 1])
        run_dbt(project, "run", "--select", "daily_revenue")
        with duckdb.connect(project / "bench.duckdb") as database:
            found = database.execute("select orders, revenue from analytics.daily_revenue").fetchall()
        assert [(int(orders), float(revenue)) for orders, revenue in found] == [(1, 4.5 * (number + 1))]

    return measure(scenario, count)


def copy_project(folder: Path) -> Path:
    import shutil

    project = folder / "project"
    shutil.copytree(ORDERS, project)
    return project


def land(project: Path) -> None:
    import duckdb

    with duckdb.connect(project / "bench.duckdb") as database:
        database.execute("create schema raw")
        database.execute(
            "create table raw.orders as select 'A-1' order_id, 'C-1' customer_id,"
            " timestamp '2026-11-20 09:00' ordered_at, 'EUR' currency, 'fulfilled' status"
        )
        database.execute(
            "create table raw.order_lines as select 'A-1' order_id, 'TEA-ASSAM' sku, 2 quantity, 450 unit_price_cents"
        )


def run_dbt(project: Path, *arguments: str) -> None:
    environment = {**os.environ, "ORDERS_DUCKDB": str(project / "bench.duckdb")}
    command = [str(Path(sys.executable).with_name("dbt")), *arguments, "--quiet"]
    subprocess.run(command, cwd=project, env={**environment, "DBT_PROFILES_DIR": str(project)}, check=True)


def main(count: int) -> None:
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as two,
        tempfile.TemporaryDirectory() as three,
    ):
        first, ours = bench_fixture(count, Path(one))
        units = bench_unit_tests(count, Path(two))
        shell = bench_command_line(min(count, 5), Path(three))
    each = statistics.median(ours)
    whole = first + sum(ours)
    lines = [
        ("fixture `dbt`, a scenario", each, 1.0),
        (f"fixture `dbt`, import, parse and {count} scenarios", whole, 1.0),
        (f"dbt's own unit tests, {count} in one run", units, units / whole),
        ("dbt's command line, a scenario", statistics.median(shell), statistics.median(shell) / each),
    ]
    for name, seconds, ratio in lines:
        print(f"{name:<52} {seconds * 1000:9.0f} ms {ratio:7.1f} x")
    if importlib.util.find_spec("pytest_dbt_duckdb") is None:
        print("pytest-dbt-duckdb: not installed, not measured")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
