"""Fixtures for Step Functions: state machines that run in the test's own process, on a virtual clock."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeproof.plugin.evidence import Evidence

if TYPE_CHECKING:
    from pipeproof.stepfunctions.machine import StateMachine

Factory = Callable[..., "StateMachine"]


@pytest.fixture
def state_machine(request: pytest.FixtureRequest, evidence: Evidence) -> Factory:
    """Make state machines of definitions: `state_machine("orders.asl.json").run({"id": 1}, mocks={...})`.

    The source is a dict or the path of a file (JSON, YAML, SAM, CloudFormation); a relative path is looked for beside
    the test's file first, then from the root of the tests. The options are those of `pipeproof.StateMachine`. Each
    execution is recorded as evidence, with what it has covered of the definition.
    """
    from pipeproof.stepfunctions.evidence import execution_evidence
    from pipeproof.stepfunctions.machine import StateMachine

    places = (request.path.parent, request.config.rootpath, request.config.invocation_params.dir)

    def make(source: "Mapping[str, Any] | str | Path", **options: Any) -> StateMachine:
        machine = StateMachine(find_source(source, places), **options)
        machine.observers.append(
            lambda run, execution: evidence("stepfunctions.execution", execution_evidence(run, execution))
        )
        return machine

    return make


def serve_state_machines(stub: Any, evidence: Evidence) -> None:
    """Let boto3's stepfunctions on the stubs of `aws` run executions by our engine, and record them as evidence."""
    from pipeproof.stepfunctions.evidence import execution_evidence
    from pipeproof.stepfunctions.moto_stepfunctions import engine_in_moto

    stub.stack.enter_context(
        engine_in_moto(lambda run, execution: evidence("stepfunctions.execution", execution_evidence(run, execution)))
    )


def find_source(source: "Mapping[str, Any] | str | Path", places: tuple[Path, ...]) -> "Mapping[str, Any] | str | Path":
    """A definition's path from the first of the places that has it; anything else as it is."""
    if isinstance(source, Mapping) or (isinstance(source, str) and source.lstrip().startswith("{")):
        return source
    path = Path(source)
    if path.is_absolute():
        return path
    return next((place / path for place in places if (place / path).is_file()), path)
