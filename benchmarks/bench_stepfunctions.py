"""State machines: this engine beside moto's interpreter, with the same machines, in one run.

python benchmarks/bench_stepfunctions.py
"""

import gc
import json
import os
import statistics
import time
import tracemalloc
import uuid
from collections.abc import Callable
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


def measure_moto() -> dict[str, float]:
    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
    import boto3
    from moto import mock_aws

    role = "arn:aws:iam::123456789012:role/r"
    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
        client = boto3.client("stepfunctions")

        def create(name: str, definition: Any) -> str:
            text = json.dumps(definition)
            return str(client.create_state_machine(name=name, definition=text, roleArn=role)["stateMachineArn"])

        five, many = create("five", chain(5)), create("many", inline_map())
        items = json.dumps(list(range(1000)))
        return {
            "five Pass states": median_ms(lambda: moto_run(client, five, "{}"), 15),
            "Map of 1,000": median_ms(lambda: moto_run(client, many, items), 3),
        }


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
    """Milliseconds, and megabytes at the peak beyond those of the items."""
    machine = StateMachine(distributed_map())
    items = list(range(count))
    mocks = {"Map": lambda payload: {} if "Body" in payload else {"Body": json.dumps(items)}}
    start = time.perf_counter()
    machine.run({}, mocks)
    elapsed = (time.perf_counter() - start) * 1000
    tracemalloc.start()
    machine.run({}, mocks)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return elapsed, peak


def main() -> None:
    ours = measure_ours()
    theirs = measure_moto()
    print(f"{'what':<28}{'pipeproof':>12}{'moto':>12}{'ratio':>8}")
    for name, value in ours.items():
        other = theirs.get(name)
        compared = f"{other:>9.2f} ms{other / value:>7.0f}x" if other else ""
        print(f"{name:<28}{value:>9.2f} ms{compared}")
    for count in (10_000, 50_000, 100_000):
        elapsed, peak = distributed(count)
        each = elapsed / count * 1000
        print(f"{f'Map of {count:,}, distributed':<28}{elapsed:>9.0f} ms  {each:.1f} µs an item, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
