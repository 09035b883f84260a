"""State machines: this engine beside moto's interpreter, with the same machines, in one run.

python benchmarks/bench_stepfunctions.py
python benchmarks/bench_stepfunctions.py --against 17a1df6    the distributed Map with an earlier build as well
"""

import argparse
import gc
import json
import logging
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import tracemalloc
import uuid
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from pipeproof import StateMachine

PASS = {"Type": "Pass", "End": True}


def chain(count: int) -> dict[str, Any]:
    states = {f"S{index}": {"Type": "Pass", "Next": f"S{index + 1}"} for index in range(count - 1)}
    return {"StartAt": "S0", "States": {**states, f"S{count - 1}": dict(PASS)}}


def jsonata_chain(count: int) -> dict[str, Any]:
    counted = {"Type": "Pass", "Output": {"n": "{% $states.input.n + 1 %}"}}
    states = {f"S{index}": {**counted, "Next": f"S{index + 1}"} for index in range(count - 1)}
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "S0",
        "States": {**states, f"S{count - 1}": {**counted, "End": True}},
    }


def inline_map() -> dict[str, Any]:
    processor = {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Each", "States": {"Each": PASS}}
    return {"StartAt": "Map", "States": {"Map": {"Type": "Map", "ItemProcessor": processor, "End": True}}}


def distributed_map() -> dict[str, Any]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, "StartAt": "Each", "States": {"Each": PASS}}
    parameters = {"Bucket": "bucket", "Key": "items.json"}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"}}
    state = {
        "Type": "Map", "ItemProcessor": processor, "ItemReader": {**reader, "Parameters": parameters},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "bucket"}}, "End": True,
    }  # fmt: skip
    return {"StartAt": "Map", "States": {"Map": state}}


def orders() -> dict[str, Any]:
    """Ten states: a Choice, a Parallel that is retried once and then caught, a Map of 20, intrinsic functions."""
    retry = [{"ErrorEquals": ["Shop.Busy"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Note"}]
    busy = {"StartAt": "Busy", "States": {"Busy": {"Type": "Fail", "Error": "Shop.Busy", "Cause": "try again"}}}
    priced = {"id.$": "$.item", "price.$": "States.MathAdd($.item, 100)"}
    price = {"StartAt": "Price", "States": {"Price": {"Type": "Pass", "Parameters": priced, "End": True}}}
    is_order = [{"Variable": "$.order", "IsString": True}, {"Variable": "$.order", "StringMatches": "o-*"}]
    counted = {"count.$": "States.ArrayLength($.prices)", "prices.$": "$.prices", "order.$": "$.order"}
    states = {
        "Prepare": {
            "Type": "Pass", "Parameters": {"order.$": "$.order", "items.$": "States.ArrayRange(1, 20, 1)"},
            "Next": "IsOrder",
        },
        "IsOrder": {"Type": "Choice", "Choices": [{"And": is_order, "Next": "Reserve"}], "Default": "Done"},
        "Reserve": {"Type": "Parallel", "Branches": [busy], "Retry": retry, "Catch": catch, "Next": "Prices"},
        "Note": {"Type": "Pass", "Result": "unreserved", "ResultPath": "$.status", "Next": "Prices"},
        "Prices": {
            "Type": "Map", "ItemsPath": "$.items", "ItemSelector": {"item.$": "$$.Map.Item.Value"},
            "ItemProcessor": price, "ResultPath": "$.prices", "Next": "Count",
        },
        "Count": {"Type": "Pass", "Parameters": counted, "Next": "Summary"},
        "Summary": {"Type": "Pass", "InputPath": "$", "ResultPath": "$", "OutputPath": "$", "Next": "Done"},
        "Done": {"Type": "Succeed"},
    }  # fmt: skip
    return {"StartAt": "Prepare", "States": states}


def median_ms(action: Callable[[], Any], times: int) -> float:
    action()
    measured = []
    for _ in range(times):
        gc.collect()
        start = time.perf_counter()
        action()
        measured.append((time.perf_counter() - start) * 1000)
    return statistics.median(measured)


def moto_run(client: Any, arn: str, value: str) -> None:
    name = uuid.uuid4().hex
    execution = client.start_execution(stateMachineArn=arn, name=name, input=value)["executionArn"]
    while client.describe_execution(executionArn=execution)["status"] == "RUNNING":
        time.sleep(0.0005)


def measure_moto() -> tuple[dict[str, float], float]:
    """Milliseconds of moto's interpreter, and its milliseconds of CPU of an order."""
    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
    import boto3
    from moto import mock_aws

    logging.disable(logging.CRITICAL)  # moto writes each failed state down
    role = "arn:aws:iam::123456789012:role/r"
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = boto3.client("stepfunctions")

        def create(name: str, definition: Any) -> str:
            text = json.dumps(definition)
            return str(client.create_state_machine(name=name, definition=text, roleArn=role)["stateMachineArn"])

        five, many = create("five", chain(5)), create("many", inline_map())
        items = json.dumps(list(range(1000)))
        times = {
            "five Pass states": median_ms(lambda: moto_run(client, five, "{}"), 15),
            "Map of 1,000": median_ms(lambda: moto_run(client, many, items), 3),
        }
        return times, orders_with_moto(client, create("orders", orders()))


def cpu_ms(action: Callable[[], Any], times: int) -> float:
    """Milliseconds of CPU that an action takes, of so many."""
    action()
    gc.collect()
    start = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - start) * 1000 / times


def orders_with_moto(client: Any, arn: str) -> float:
    """Milliseconds of CPU of an execution with moto: ten times twenty side by side, as moto sleeps a Retry's delay."""
    expected, value = StateMachine(orders()).run({"order": "o-1"}).output, json.dumps({"order": "o-1"})

    def twenty() -> None:
        names = [uuid.uuid4().hex for _ in range(20)]
        started = [client.start_execution(stateMachineArn=arn, name=name, input=value) for name in names]
        for execution in started:
            while (found := client.describe_execution(executionArn=execution["executionArn"]))["status"] == "RUNNING":
                time.sleep(0.05)
            if json.loads(found["output"]) != expected:
                raise RuntimeError(f"moto's output differs: {found}")

    return cpu_ms(twenty, 10) / 20


def measure_ours() -> dict[str, float]:
    five, many = StateMachine(chain(5)), StateMachine(inline_map())
    counting = StateMachine(jsonata_chain(5))
    items = list(range(1000))
    return {
        "five Pass states": median_ms(five.run, 50),
        "five with JSONata": median_ms(lambda: counting.run({"n": 0}), 50),
        "Map of 1,000": median_ms(lambda: many.run(items), 7),
        "500 states loaded (dict)": median_ms(lambda: StateMachine(chain(500)), 7),
        "500 states loaded (text)": median_ms(lambda: StateMachine(json.dumps(chain(500))), 7),
    }


def distributed(count: int) -> tuple[float, float]:
    """Milliseconds of CPU, and megabytes at the peak beyond those of the items."""
    machine = StateMachine(distributed_map())
    items = list(range(count))
    mocks = {"Map": lambda payload: {} if "Body" in payload else {"Body": json.dumps(items)}}
    measured = []
    for _ in range(2):
        gc.collect()
        start = time.process_time()
        machine.run({}, mocks)
        measured.append((time.process_time() - start) * 1000)
    tracemalloc.start()
    machine.run({}, mocks)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return min(measured), peak


def in_build(source: Path, count: int) -> tuple[float, float]:
    """The same of the build whose modules are in a folder, in a process of its own."""
    code = (
        "import sys, bench_stepfunctions as bench, pipeproof\n"
        "assert pipeproof.__file__.startswith(sys.argv[1]), pipeproof.__file__\n"
        "print(*bench.distributed(int(sys.argv[2])))"
    )
    path = os.pathsep.join([str(source), str(Path(__file__).parent)])
    command = [sys.executable, "-c", code, str(source), str(count)]
    printed = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True, text=True
    )
    elapsed, peak = map(float, printed.stdout.split())
    return elapsed, peak


def compare_builds(revision: str, count: int) -> None:
    """Prints this build's distributed Map beside that of a commit, three times each, in turns."""
    root = Path(__file__).resolve().parents[1]
    archive = subprocess.run(["git", "archive", revision, "src"], cwd=root, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        pairs = [(in_build(root / "src", count), in_build(Path(folder, "src"), count)) for _ in range(3)]
    ours, other = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    print(f"\n{f'Map of {count:,}, distributed':<28}{ours[0]:>9.0f} ms of CPU, peak {ours[1]:.0f} MB")
    print(f"{f'the same at {revision}':<28}{other[0]:>9.0f} ms of CPU, peak {other[1]:.0f} MB")
    print(f"{'':<28}{100 * ours[0] / other[0]:>9.0f} % of its time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="REV", help="a commit whose build runs the distributed Map as well")
    revision = parser.parse_args().against
    shop = StateMachine(orders())
    order_here = cpu_ms(lambda: shop.run({"order": "o-1"}), 200)
    ours = measure_ours()
    theirs, order_there = measure_moto()
    print(f"{'what':<28}{'pipeproof':>12}{'moto':>12}{'ratio':>8}")
    for name, value in ours.items():
        other = theirs.get(name)
        compared = f"{other:>9.2f} ms{other / value:>7.0f}x" if other else ""
        print(f"{name:<28}{value:>9.2f} ms{compared}")
    ratio = order_there / order_here
    print(f"{'an order, CPU (200 of each)':<28}{order_here:>9.2f} ms{order_there:>9.2f} ms{ratio:>7.0f}x")
    for count in (10_000, 50_000, 100_000):
        elapsed, peak = distributed(count)
        each = elapsed / count * 1000
        print(f"{f'Map of {count:,}, distributed':<28}{elapsed:>9.0f} ms  {each:.1f} µs an item, peak {peak:.0f} MB")
    if revision:
        compare_builds(revision, 100_000)


if __name__ == "__main__":
    main()
