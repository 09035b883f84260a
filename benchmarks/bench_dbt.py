"""20 scenarios of one model: the fixture `dbt`, and what else there is, all on DuckDB and in one run.

    python benchmarks/bench_dbt.py [scenarios] [--with-pytest-dbt-duckdb]

Each way builds `daily_revenue` of `examples/orders` from the same rows and checks the result. What is done once,
importing dbt and parsing the project, is counted apart, and what one more scenario costs is compared. "Bare dbt" is dbt
called in process with a copy of a manifest that it has parsed before, and nothing else: no inputs and no check.

`pytest-dbt-duckdb` gets an environment of its own in a temporary folder, as it asks for another DuckDB. Its newest
version asks for dbt-core 1.12 too, whose parser cannot be built from the package index alone; where that fails, it is
given the dbt-core that is measured here.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeproof.environments.dbt.session.project import DbtProject

ROOT = Path(__file__).parent.parent
ORDERS = ROOT / "examples" / "orders" / "dbt"
ORDER = {"order_id": "A-1", "ordered_on": "2026-11-20", "currency": "EUR", "status": "fulfilled"}
LINE = {"order_id": "A-1", "sku": "TEA-ASSAM", "quantity": 2, "unit_price": 4.5}

COLUMNS = {
    "models": {
        "fct_orders": {"order_id": "varchar", "ordered_on": "date", "currency": "varchar", "status": "varchar"},
        "stg_order_lines": {"order_id": "varchar", "sku": "varchar", "quantity": "integer", "unit_price": "double"},
        "daily_revenue": {
            "ordered_on": "date",
            "currency": "varchar",
            "category": "varchar",
            "orders": "bigint",
            "revenue": "numeric(12, 2)",
        },
    },
    "seeds": {"products": {"sku": "varchar", "category": "varchar"}},
}
OTHERS = ("pytest-dbt-duckdb", "dbt-core", "duckdb")
OTHER_TEST = """
import os
import pytest
from pytest_dbt_duckdb.dbt_validator import DbtTestNode

def node(table, file):
    return DbtTestNode(schema="analytics", table=table, path=file + ".json")

@pytest.mark.parametrize("number", range(int(os.environ["BENCH_COUNT"])))
def test_daily_revenue(duckdb_fixture, number):
    duckdb_fixture.execute_dbt(
        dbt_project_dir={project!r},
        resources_folder={resources!r},
        nodes_to_load=[
            node("fct_orders", "fct_orders"), node("stg_order_lines", f"lines_{{number}}"), node("products", "products")
        ],
        nodes_to_validate=[node("daily_revenue", f"built_{{number}}")],
        build="daily_revenue",
    )
"""


def measure(action: Callable[[int], None], count: int) -> list[float]:
    durations = []
    for number in range(count):
        started = time.perf_counter()
        action(number)
        durations.append(time.perf_counter() - started)
    return durations


def bench_fixture(count: int, folder: Path) -> tuple[float, list[float]]:
    """Scenarios as the fixture runs them; the first is apart, as it imports dbt and parses the project."""
    from pipeproof.environments.dbt.project.settings import Settings
    from pipeproof.environments.dbt.run_names import name_run
    from pipeproof.environments.dbt.session.project import DbtProject

    started = time.perf_counter()
    project = DbtProject(Settings(ORDERS), name_run("bench"), folder, folder)
    run_scenario(project, 0)
    first = time.perf_counter() - started
    return first, measure(lambda number: run_scenario(project, number), count)


def run_scenario(project: "DbtProject", number: int) -> None:
    from pipeproof.environments.dbt.scenario.scenario import Dbt

    dbt = Dbt(project, lambda _kind, _data: None)
    dbt.given("fct_orders", [ORDER])
    dbt.given("stg_order_lines", [LINE | {"quantity": number + 1}])
    dbt.given("products", [{"sku": "TEA-ASSAM", "category": "tea"}])
    dbt.run("daily_revenue")
    dbt.expect("daily_revenue", [{"category": "tea", "orders": 1, "revenue": 4.5 * (number + 1)}])
    dbt.close()


def bench_wide(models: int, count: int, folder: Path) -> list[float]:
    """The same scenario in a project with more models and three tests of each."""
    from pipeproof.environments.dbt.project.settings import Settings
    from pipeproof.environments.dbt.run_names import name_run
    from pipeproof.environments.dbt.session.project import DbtProject

    wide = copy_project(folder) / "models" / "wide"
    wide.mkdir()
    checks = "".join(
        f"\n      - {{name: {name}, data_tests: [not_null]}}" for name in ("category", "orders", "revenue")
    )
    described = "".join(f"\n  - name: wide_{number}\n    columns:{checks}" for number in range(models))
    (wide / "_wide.yml").write_text(f"version: 2\nmodels:{described}\n")
    for number in range(models):
        upstream = f"wide_{number - 1}" if number else "daily_revenue"
        (wide / f"wide_{number}.sql").write_text(f"select * from {{{{ ref('{upstream}') }}}}")
    temporary = folder / "pipeproof"
    temporary.mkdir()
    project = DbtProject(Settings(wide.parent.parent), name_run("bench"), temporary, temporary)
    run_scenario(project, 0)
    return measure(lambda number: run_scenario(project, number), count)


def bench_bare(count: int, folder: Path) -> list[float]:
    """dbt itself, in process, with a copy of its manifest and without its artifacts."""
    from dbt.cli.main import dbtRunner

    from pipeproof.environments.dbt.in_process.runner import Parsed

    project = copy_project(folder)
    land(project)
    places = ["--project-dir", str(project), "--profiles-dir", str(project), "--target", "dev", "--quiet"]
    os.environ["ORDERS_DUCKDB"] = str(project / "bench.duckdb")
    parsed = Parsed.of(dbtRunner().invoke(["parse", *places]).result)
    assert dbtRunner(manifest=parsed.copy()).invoke(["build", *places]).success
    copies = [parsed.copy() for _ in range(count)]

    def run(number: int) -> None:
        arguments = ["run", "--select", "daily_revenue", *places, "--no-write-json"]
        done = dbtRunner(manifest=copies[number]).invoke(arguments)
        assert done.success, done.exception

    return measure(run, count)


def bench_unit_tests(counts: list[int], folder: Path) -> list[float]:
    """`dbt test` of a project with as many unit tests of the model: seconds in all, the project parsed before."""
    project = copy_project(folder)
    land(project)
    run_dbt(project, "build")
    durations = []
    for count in counts:
        rows = "\n".join(unit_test(number) for number in range(count))
        (project / "models" / "bench.yml").write_text(f"version: 2\nunit_tests:\n{rows}\n")
        run_dbt(project, "parse")
        started = time.perf_counter()
        run_dbt(project, "test", "--select", "test_type:unit")
        durations.append(time.perf_counter() - started)
    return durations


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


def bench_pytest_dbt_duckdb(counts: list[int], folder: Path) -> tuple[str, list[float]]:
    """pytest with as many of the plugin's scenarios: what is installed, and seconds in all, after a first run."""
    python = make_environment(folder)
    code = f"from importlib.metadata import version\nprint(*(f'{{at}} {{version(at)}}' for at in {OTHERS}), sep=', ')"
    versions = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    project = copy_project(folder)
    for described in (
        *project.glob("models/*/_[!s]*.yml"),
        *project.glob("models/*/_staging.yml"),
        *project.glob("seeds/*.yml"),
    ):
        described.unlink()  # it takes the types of columns from the project, and dbt would run the tests as well
    (project / "models" / "bench.yml").write_text(
        json.dumps({"version": 2, "models": declare("models"), "seeds": declare("seeds")})
    )
    output = {"type": "duckdb", "path": "{{ env_var('DBT_DUCKDB_PATH') }}", "schema": "analytics"}
    resources = folder / "resources"
    resources.mkdir()
    (resources / "profiles.yml").write_text(json.dumps({"orders": {"target": "dev", "outputs": {"dev": output}}}))
    for name, rows in (("fct_orders", [ORDER]), ("products", [{"sku": "TEA-ASSAM", "category": "tea"}])):
        (resources / f"{name}.json").write_text(json.dumps(rows))
    for number in range(max(counts)):
        (resources / f"lines_{number}.json").write_text(json.dumps([LINE | {"quantity": number + 1}]))
        built = {"ordered_on": "2026-11-20", "currency": "EUR", "category": "tea", "orders": 1}
        built["revenue"] = 4.5 * (number + 1)
        (resources / f"built_{number}.json").write_text(json.dumps([built]))
    (folder / "test_bench.py").write_text(OTHER_TEST.format(project=str(project), resources=str(resources)))
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_bench.py"]
    durations = []
    for count in [1, *counts]:
        started = time.perf_counter()
        environment = {**os.environ, "BENCH_COUNT": str(count), "DO_NOT_TRACK": "1"}
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.PIPE)
        durations.append(time.perf_counter() - started)
    return versions, durations[1:]


def declare(kind: str) -> list[dict[str, object]]:
    return [
        {"name": name, "columns": [{"name": column, "data_type": type_} for column, type_ in columns.items()]}
        for name, columns in COLUMNS[kind].items()
    ]


def make_environment(folder: Path) -> str:
    uv = str(Path(sys.executable).with_name("uv"))
    python = str(folder / "environment" / "bin" / "python")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / "environment")], check=True)
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, "pytest-dbt-duckdb"]
    if subprocess.run(install, stderr=subprocess.DEVNULL, check=False).returncode:
        override = folder / "override.txt"
        override.write_text("dbt-core<1.12\n")
        subprocess.run([*install, "--override", str(override)], check=True)
    return python


def copy_project(folder: Path) -> Path:
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


def bench_large(rows: int, folder: Path) -> tuple[float, int]:
    """Comparing a table with as many rows: seconds, and the megabytes that it takes at most beside what was there."""
    import pyarrow as pa

    from pipeproof.environments.dbt.project.settings import Settings
    from pipeproof.environments.dbt.run_names import name_run
    from pipeproof.environments.dbt.scenario.scenario import Dbt
    from pipeproof.environments.dbt.session.project import DbtProject

    dbt = Dbt(DbtProject(Settings(ORDERS), name_run("bench"), folder, folder), lambda _kind, _data: None)
    numbers = range(rows)
    names = {"id": pa.array(numbers), "sku": pa.array([f"SKU-{at}" for at in numbers])}
    table = pa.table(
        {**names, "quantity": pa.array([at % 7 for at in numbers]), "rate": pa.array([at / 3 for at in numbers])}
    )
    dbt.given("fct_orders", table)
    expected = table.take(pa.array(range(rows - 1, -1, -1)))
    Path("/proc/self/clear_refs").write_text("5")
    before = read_memory("VmRSS")
    started = time.perf_counter()
    dbt.expect("fct_orders", expected)
    duration = time.perf_counter() - started
    peak = read_memory("VmHWM")
    dbt.close()
    return duration, peak - before


def read_memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(name))


def main(count: int, other: bool) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folders = [Path(temporary) / str(number) for number in range(7)]
        for folder in folders:
            folder.mkdir()
        first, ours = bench_fixture(count, folders[0])
        wide = bench_wide(30, count, folders[1])
        bare = bench_bare(count, folders[2])
        large, megabytes = bench_large(1_000_000, folders[3])
        one, units = bench_unit_tests([1, count], folders[4])
        shell = bench_command_line(min(count, 5), folders[5])
        versions, (alone, others) = ("", (0.0, 0.0))
        if other:
            versions, (alone, others) = bench_pytest_dbt_duckdb([1, count], folders[6])
    each = statistics.median(ours)
    whole = first + sum(ours[: count - 1])
    print("one more scenario")
    show("fixture `dbt`", each, each)
    show("fixture `dbt`, 30 more models and 90 tests beside", statistics.median(wide), each)
    show("bare dbt, its manifest copied beforehand", statistics.median(bare), each)
    show("dbt's own unit tests", (units - one) / (count - 1), each)
    if other:
        show(versions, (others - alone) / (count - 1), each)
    show("dbt's command line", statistics.median(shell), each)
    print(f"\n{count} scenarios in one process, importing dbt included")
    show("fixture `dbt`, parsing included", whole, whole)
    show("dbt's own unit tests, the project parsed before", units, whole)
    if other:
        show(f"{versions.split(', ')[0]}, the project parsed before", others, whole)
    show("dbt's command line, each a process", statistics.median(shell) * count, whole)
    print(f"\n1,000,000 rows of 4 columns compared, in another order: {large:.1f} s, {megabytes} MB")
    if not other:
        print("pytest-dbt-duckdb: not measured (--with-pytest-dbt-duckdb)")


def show(name: str, seconds: float, ours: float) -> None:
    print(f"  {name:<66} {seconds * 1000:9.0f} ms {seconds / ours:7.1f} x")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("scenarios", nargs="?", type=int, default=20)
    parser.add_argument("--with-pytest-dbt-duckdb", action="store_true")
    options = parser.parse_args()
    main(options.scenarios, options.with_pytest_dbt_duckdb)
