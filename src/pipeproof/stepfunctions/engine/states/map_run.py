"""One Map Run: its names, its calls to S3, where its items come from and where its children's results go."""

from collections.abc import Mapping
from typing import Any

from pipeproof.stepfunctions.answers.context import TaskContext
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.definition.resources import parse_resource
from pipeproof.stepfunctions.engine.items.datasets import Dataset, reader_failure
from pipeproof.stepfunctions.engine.items.reader import Ask, read_items
from pipeproof.stepfunctions.engine.items.writer import ResultFiles, Results, writer_failure
from pipeproof.stepfunctions.engine.map_runs import MapRunRecord
from pipeproof.stepfunctions.engine.run import Place
from pipeproof.stepfunctions.engine.states.map_fields import find_number
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.payload import fill_expressions
from pipeproof.stepfunctions.expressions.templates import fill_template
from pipeproof.stepfunctions.values import random_uuid

START_EXECUTION = "arn:aws:states:::states:startExecution"
"""The call by which a distributed Map starts its children."""


class MapRun:
    """One Map Run.

    Args:
        place: The Map's place.
        effective: Its input after InputPath.

    `child_type` is STANDARD or EXPRESS, `child_arn` how the ARNs of its children begin.
    """

    def __init__(self, place: Place, effective: Any) -> None:
        state = place.state
        self.place = place
        self.effective = effective
        random = place.run.random
        self.id = random_uuid(random)
        settings = place.run.settings
        label = state.raw.get("Label") or random_uuid(random)
        self.child_machine = f"{settings.machine_name}/{label}"
        service = f"arn:aws:states:{settings.region}:{settings.account}"
        self.arn = f"{service}:mapRun:{self.child_machine}:{self.id}"
        self.child_machine_arn = f"{service}:stateMachine:{self.child_machine}"
        self.child_arn = f"{service}:execution:{self.child_machine}"
        self.failed_items = 0
        self.total: int | None = None
        self.record = MapRunRecord(self.arn, self.child_machine, place.run.clock.now)
        place.run.map_runs.append(self.record)
        processor = state.raw.get("ItemProcessor") or state.raw.get("Iterator") or {}
        self.child_type = str(processor.get("ProcessorConfig", {}).get("ExecutionType", "STANDARD"))

    def number(self, raw: Mapping[str, Any], field: str, prefix: str = "") -> float | None:
        """Return a number of the state's own fields, or of a part's."""
        return find_number(self.place, raw, field, self.effective, prefix=prefix)

    def answer(self, arn: str, payload: Any) -> Reply:
        """Return what a reader or writer's resource answers."""
        return self.place.run.handlers.answer(self._request(arn, payload))

    def refuse_children(self) -> None:
        """Ends the Map where its role's policy does not allow it to start executions of its own machine.

        Raises:
            StateFailure: States.Permissions.
        """
        handlers, settings = self.place.run.handlers, self.place.run.settings
        if handlers.refuse is None:
            return
        request = self._request(START_EXECUTION, {"StateMachineArn": settings.machine_arn})
        refusal = handlers.refuse(request)
        if refusal is not None:
            raise StateFailure("States.Permissions", refusal.cause)

    def _request(self, arn: str, payload: Any) -> Request:
        run, state = self.place.run, self.place.state
        attempts, context_object = len(self.place.visit.attempts), self.place.context()
        context = TaskContext(state.name, arn, attempts, None, None, context_object)
        location, iterations = run.definition.locate(state), self.place.frame.iterations
        resource = parse_resource(arn)
        return Request(state.name, resource, payload, context, iterations, run.random, location, is_task=False)

    def fill(self, template: Any, field: str) -> Any:
        """Return a template of a reader, a writer or a batcher."""
        place = self.place
        if place.state.is_jsonata:
            return fill_expressions(template, field, {"input": place.value}, place)
        return fill_template(template, self.effective, place)

    def call_parameters(self, raw: Mapping[str, Any], field: str) -> dict[str, Any]:
        """Parameters or Arguments of a reader or writer."""
        name = "Arguments" if self.place.state.is_jsonata else "Parameters"
        found = self.fill(raw.get(name, {}), f"{field}/{name}")
        return found if isinstance(found, dict) else {}

    def read(self, ask: Ask | None = None) -> Dataset:
        """Return the items that ItemReader gives.

        Args:
            ask: Stands in for S3.

        Raises:
            StateFailure: States.ItemReaderFailed.
        """
        raw = self.place.state.raw["ItemReader"]
        config = raw.get("ReaderConfig", {})
        limit = self.number(config, "MaxItems", "ItemReader/ReaderConfig/")
        if limit is not None and limit < 0:
            raise reader_failure("field MaxItems must be positive")
        plain = {key: value for key, value in config.items() if not key.startswith("MaxItems")}

        def call(resource: str, parameters: Mapping[str, Any]) -> Any:
            reply = self.answer(resource, dict(parameters))
            if reply.failure is not None:
                raise reader_failure(reply.failure.cause or reply.failure.error or "", reply.exception)
            return reply.value

        parameters = self.call_parameters(raw, "ItemReader")
        filled = self.fill(plain, "ItemReader/ReaderConfig")
        return read_items(raw["Resource"], parameters, filled, int(limit) if limit else None, ask or call)

    def results(self) -> Results | ResultFiles:
        """Return what collects the children's results: ResultWriter's files, or the state's own result."""
        raw = self.place.state.raw.get("ResultWriter") or {}
        config = self.fill(raw.get("WriterConfig", {}), "ResultWriter/WriterConfig")
        if "Resource" not in raw:
            return Results(config)

        def put(entry: Mapping[str, Any]) -> None:
            reply = self.answer(raw["Resource"], dict(entry))
            if reply.failure is not None:
                raise writer_failure(reply.failure.cause, reply.exception)

        return ResultFiles(self.call_parameters(raw, "ResultWriter"), self.id, put, config)
