"""The stubs of AWS with this engine behind boto3's stepfunctions, as the fixture `aws` opens them."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from pipeproof.environments.aws import AwsStub, open_aws
from pipeproof.stepfunctions.moto_service import engine_in_moto
from pipeproof.stepfunctions.service.state import Service

ROLE = "arn:aws:iam::123456789012:role/machine"

_TYPES: dict[str, Any] = {
    "string": str, "integer": int, "long": int, "boolean": bool, "float": (int, float), "double": (int, float),
    "timestamp": datetime, "list": list, "map": dict, "structure": dict,
}  # fmt: skip


@pytest.fixture
def aws() -> Iterator[AwsStub]:
    with open_aws() as stub:
        yield stub


@pytest.fixture
def service(aws: AwsStub) -> Iterator[Service]:
    with engine_in_moto() as served:
        aws.clocks.append(served.pass_time)
        yield served


@pytest.fixture
def states(aws: AwsStub, service: Service) -> Any:
    """boto3's client, each of whose answers is held to botocore's model."""
    client = aws.client("stepfunctions")
    original = client._make_api_call

    def call(operation: str, parameters: dict[str, Any]) -> Any:
        answer = original(operation, parameters)
        shape = client.meta.service_model.operation_model(operation).output_shape
        if shape is not None:
            body = {key: value for key, value in answer.items() if key != "ResponseMetadata"}
            assert problems(body, shape, operation) == []
        return answer

    client._make_api_call = call
    return client


def problems(value: Any, shape: Any, place: str) -> list[str]:
    """Where a value is not what a shape of botocore's says."""
    if not isinstance(value, _TYPES[shape.type_name]):
        return [f"{place} is no {shape.type_name}: {value!r}"]
    if shape.type_name == "list":
        return [
            found for index, item in enumerate(value) for found in problems(item, shape.member, f"{place}[{index}]")
        ]
    if shape.type_name == "map":
        return [found for key, item in value.items() for found in problems(item, shape.value, f"{place}.{key}")]
    if shape.type_name == "structure":
        lacking = [f"{place} lacks {name}" for name in shape.required_members if name not in value]
        unknown = [f"{place} has {name}" for name in value if name not in shape.members]
        inner = [
            found
            for name, item in value.items()
            if name in shape.members
            for found in problems(item, shape.members[name], f"{place}.{name}")
        ]
        return [*lacking, *unknown, *inner]
    if "enum" in shape.metadata and value not in shape.metadata["enum"]:
        return [f"{place} is none of {shape.metadata['enum']}: {value!r}"]
    return []


@pytest.fixture
def create(states: Any) -> Callable[..., str]:
    """Creates a machine of its states; gives its ARN."""

    def make(name: str, definition: dict[str, Any], **options: Any) -> str:
        created = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, **options)
        return str(created["stateMachineArn"])

    return make


@pytest.fixture
def chain() -> Callable[..., dict[str, Any]]:
    """Makes a machine of states one after another; the last one ends it."""

    def make(**states: dict[str, Any]) -> dict[str, Any]:
        names = list(states)
        linked = {}
        for index, (name, state) in enumerate(states.items()):
            after = {"End": True} if name == names[-1] else {"Next": names[index + 1]}
            is_linked = state["Type"] in ("Choice", "Fail", "Succeed") or "Next" in state
            linked[name] = state if is_linked else {**state, **after}
        return {"StartAt": names[0], "States": linked}

    return make
