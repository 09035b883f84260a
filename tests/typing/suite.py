"""A suite with everything annotated, as a team with `mypy --strict` writes it; `make lint` checks it.

A line that is wrong on purpose carries `type: ignore`, which mypy reports once it is no error any more: so a name that
turns into Any is found too.
"""

from typing import Any, assert_type

import pytest

import pipeproof
from pipeproof import (
    AwsServer,
    AwsStub,
    CallFn,
    Dbt,
    DbtFailed,
    DbtResult,
    Evidence,
    Execution,
    ExecutionFailed,
    FlowFailed,
    FlowResult,
    MakeStateMachine,
    MockError,
    PipeproofError,
    PrefectServer,
    RunFlow,
    StateMachine,
    StateResult,
    by_iteration,
    callback,
    returns,
    throws,
)


def flow(orders: int) -> int:
    return orders


@pytest.fixture
def machine(state_machine: MakeStateMachine) -> StateMachine:
    return state_machine("orders.asl.json", lambdas={"price": price}, type="EXPRESS")


def price(event: dict[str, Any]) -> dict[str, Any]:
    return {"total": event["amount"] * 2}


def test_flow(run_flow: RunFlow, call_fn: CallFn, prefect_server: PrefectServer, evidence: Evidence) -> None:
    result = run_flow(flow, orders=3)
    assert_type(result, FlowResult)
    assert_type(result.duration, float)
    assert [run.name for runs in result.task_runs.values() for run in runs] == []
    with pytest.raises(FlowFailed):
        run_flow(flow, check=True)
    assert call_fn(flow, 3) == 3
    assert_type(prefect_server.api_url, str)
    evidence("orders", {"count": 3})
    evidence("orders", 3)  # type: ignore[arg-type]
    result.durations  # type: ignore[attr-defined]  # noqa: B018


def test_machine(machine: StateMachine, aws: AwsStub) -> None:
    mocks: dict[str, Any] = {
        "Price": [throws("Lambda.TooManyRequestsException"), returns({"total": 3}, after=1.5)],
        "Ship": by_iteration({0: returns(1)}, otherwise=callback(lambda payload: payload)),
    }
    execution = machine.run({"id": 1}, mocks)
    assert_type(execution, Execution)
    assert_type(execution.path, list[str])
    assert_type(execution.error, str | None)
    single = machine.run_state("Price", {"id": 1}, {"Price": price})
    assert_type(single, StateResult)
    assert_type(machine.deploy(mocks), str)
    with pytest.raises(ExecutionFailed) as caught:
        machine.run(mocks={"Price": throws("Boom")})
    assert_type(caught.value.execution, Execution)
    returns(1, after="soon")  # type: ignore[arg-type]
    machine.runs()  # type: ignore[attr-defined]


def test_aws(aws: AwsStub, aws_server: AwsServer) -> None:
    aws.client("s3").create_bucket(Bucket="orders")
    assert_type([call.operation for call in aws.calls], list[str])
    with aws.enforce({"Statement": []}) as enforcement:
        assert enforcement.missing == []
    assert aws_server.endpoint_url.startswith("http://")


def test_dbt(dbt: Dbt) -> None:
    dbt.given("raw.orders", [{"id": 1}])
    result = dbt.run("orders")
    assert_type(result, DbtResult)
    assert_type(result.success, bool)
    assert_type(result["orders"].status, str)
    with pytest.raises(DbtFailed):
        dbt.build()
    dbt.given(3, [])  # type: ignore[arg-type]


def test_errors() -> None:
    error: PipeproofError = MockError("what was wrong", hint="what to do")
    assert_type(error.hint, str | None)
    pipeproof.MockEror  # type: ignore[attr-defined]  # noqa: B018
