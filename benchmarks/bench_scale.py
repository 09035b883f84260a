"""How the cost of one job grows: tests, dbt models, items of a Map, tasks of a flow; three sizes of each.

    python benchmarks/bench_scale.py [--only tests models items tasks] [--part 1.0]

Each size runs in a process of its own. Counted is CPU time, of everything that it starts as well, because it says the
same on a busy machine as on a quiet one. *One more* is what an additional test (model, item, task) costs between a size
and the one before it, so the start is not in it; *growth* is how many times that is what it was between the two smaller
ones: 1 where the cost is linear, 4 where it is quadratic (each size is four times the one before).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:anyio"]


def many_tests(count: int, folder: Path) -> list[str]:
    """Trivial tests in files of a hundred, run by `pipeproof run` with four workers."""
    for first in range(0, count, 100):
        names = range(first, min(first + 100, count))
        tests = "".join(f"def test_{name}():\n    pass\n\n\n" for name in names)
        (folder / f"test_{first // 100}.py").write_text(tests)
    return [sys.executable, "-I", "-m", "pipeproof", "run", "--install", "none", "--workers", "4", "--summary", "never"]


MODELS = """
def test_the_project(dbt):
    dbt.given("raw.orders", [{{"id": 1, "amount": 2.5}}])
    dbt.run()
    dbt.expect("model_{last}", [{{"id": 1}}], columns=["id"])


def test_one_model(dbt):
    dbt.given("model_0", [{{"id": 1, "amount": 2.5}}])
    dbt.run("model_1")
    dbt.expect("model_1", [{{"id": 1, "amount": 3.5}}])
"""


def many_models(count: int, folder: Path) -> list[str]:
    """Models in chains of ten, each described and tested; one scenario builds all of them, another one a single one."""
    (folder / "models").mkdir()
    (folder / "dbt_project.yml").write_text("{name: scale, version: '1.0', config-version: 2, profile: scale}\n")
    sources = "sources: [{name: raw, tables: [{name: orders}]}]\n"
    (folder / "models/sources.yml").write_text(f"version: 2\n{sources}")
    for number in range(count):
        above = f"ref('model_{number - 1}')" if number % 10 else "source('raw', 'orders')"
        (folder / f"models/model_{number}.sql").write_text(f"select id, amount + 1 as amount from {{{{ {above} }}}}\n")
    described = [
        f"  - {{name: model_{number}, description: Number {number}, columns: [{{name: id, data_tests: [not_null]}}]}}"
        for number in range(count)
    ]
    (folder / "models/models.yml").write_text("\n".join(["version: 2", "models:", *described, ""]))
    (folder / "test_models.py").write_text(MODELS.format(last=count - 1))
    return PYTEST


ITEMS = """
from pipeproof import StateMachine

price = {{"Type": "Pass", "Parameters": {{"sku.$": "$.sku"}}, "End": True}}
each = {{"StartAt": "Price", "States": {{"Price": price}}}}
config = {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
definition = {{"StartAt": "Map", "States": {{"Map": {{
    "Type": "Map", "ItemProcessor": {{"ProcessorConfig": config, **each}}, "ItemReader": {{
        "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {{"InputType": "JSON"}},
        "Parameters": {{"Bucket": "bucket", "Key": "items.json"}}}},
    "ResultWriter": {{"Resource": "arn:aws:states:::s3:putObject", "Parameters": {{"Bucket": "bucket"}}}},
    "End": True}}}}}}


def test_the_machine(state_machine, aws):
    import json
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="items.json", Body=json.dumps([{{"sku": n}} for n in range({count})]))
    role = {{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "*", "Resource": "*"}}]}}
    output = state_machine(definition, role_policy=role).run({{}}).output
    manifest = json.load(s3.get_object(Bucket="bucket", Key=output["ResultWriterDetails"]["Key"])["Body"])
    written = [s3.get_object(Bucket="bucket", Key=part["Key"])["Body"] for part in manifest["ResultFiles"]["SUCCEEDED"]]
    assert sum(len(json.load(part)) for part in written) == {count}
"""


def many_items(count: int, folder: Path) -> list[str]:
    """A machine that maps the items of a file in S3, each in an execution of its own."""
    (folder / "test_items.py").write_text(ITEMS.format(count=count))
    return PYTEST


TASKS = """
from prefect import flow, task

@task
def same(x):
    return x

@flow
def many():
    return same.map(range({count})).result()

def test_the_flow(run_flow):
    result = run_flow(many)
    assert result.value == list(range({count}))
    assert len(result.task_runs["same"]) == {count}
"""


def many_tasks(count: int, folder: Path) -> list[str]:
    """A flow that maps a task."""
    (folder / "test_tasks.py").write_text(TASKS.format(count=count))
    return PYTEST


@dataclass(frozen=True)
class Subject:
    """What grows: its name, its largest size, and what prepares a folder of a size and says what to run there."""

    name: str
    largest: int
    prepare: Callable[[int, Path], list[str]]


SUBJECTS = (
    Subject("tests", 20_000, many_tests),
    Subject("models", 1_000, many_models),
    Subject("items", 100_000, many_items),
    Subject("tasks", 1_000, many_tasks),
)


def measure(subject: Subject, count: int) -> float:
    """Seconds of CPU of a run of this size."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as name:
        command = subject.prepare(count, Path(name))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=name, env=environment, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{subject.name}, {count}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def show(subject: Subject, part: float) -> None:
    """Print three sizes of a subject."""
    largest = max(16, int(subject.largest * part))
    sizes = (largest // 16, largest // 4, largest)
    costs: list[tuple[int, float]] = []
    before = 0.0
    for size in sizes:
        seconds = measure(subject, size)
        more = (seconds - costs[-1][1]) / (size - costs[-1][0]) * 1000 if costs else 0.0
        growth = f"{more / before:>8.2f}" if before > 0 else ""
        print(
            f"{f'{size:,} {subject.name}':<18}{seconds:>10.1f}{f'{more:.2f}' if costs else '':>15}{growth}", flush=True
        )
        costs.append((size, seconds))
        before = more


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=textwrap.dedent(str(__doc__)).splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=[subject.name for subject in SUBJECTS], help="these alone")
    parser.add_argument("--part", type=float, default=1.0, help="of the largest sizes, such as 0.1")
    options = parser.parse_args()
    print(f"{'what':<18}{'CPU, s':>10}{'one more, ms':>15}{'growth':>8}")
    for subject in SUBJECTS:
        if not options.only or subject.name in options.only:
            show(subject, options.part)


if __name__ == "__main__":
    main()
