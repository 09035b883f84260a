"""Map Runs through the API, and the children that they remember."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeproof.stepfunctions.engine.map_runs import Child, MapRunRecord
from pipeproof.stepfunctions.service.arns import parse_arn
from pipeproof.stepfunctions.service.errors import no_execution, no_resource, validation
from pipeproof.stepfunctions.service.paging import page
from pipeproof.stepfunctions.service.state import Service, Started
from pipeproof.stepfunctions.values import dump

Parameters = dict[str, Any]
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChildExecution:
    """A child of a Map Run, as the API describes executions."""

    child: Child
    record: MapRunRecord
    parent: Started

    @property
    def map_run_arn(self) -> str:
        """The ARN of its Map Run."""
        return self.record.arn

    def _date(self, elapsed: float) -> datetime:
        return self.parent.start + timedelta(seconds=elapsed)

    def summarize(self) -> Answer:
        """Return what ListExecutions says of it."""
        child = self.child
        answer = {
            "executionArn": child.arn,
            "stateMachineArn": f"{self.parent.machine_arn.rsplit(':', 1)[0]}:{self.record.child_machine}",
            "name": child.name,
            "status": child.status,
            "startDate": self._date(child.started),
            "mapRunArn": self.record.arn,
            "itemCount": child.items,
            "redriveCount": child.redrives,
        }
        if child.redrives and self.record.redrives:
            answer["redriveDate"] = self._date(self.record.redrives[-1])
        return {**answer, "stopDate": self._date(child.ended)} if child.ended is not None else answer

    def describe(self, *, with_data: bool) -> Answer:
        """Return what DescribeExecution answers."""
        child = self.child
        answer: Answer = {**self.summarize(), "inputDetails": {"included": with_data}}
        del answer["itemCount"]
        if with_data:
            answer["input"] = dump(child.input)
        if child.status == "SUCCEEDED":
            answer["outputDetails"] = {"included": with_data}
            if with_data:
                answer["output"] = dump(child.output)
        failed = {"error": child.error, "cause": child.cause}
        return {**answer, **{key: text for key, text in failed.items() if text is not None}}


def all_map_runs(service: Service) -> Iterator[tuple[Started, MapRunRecord]]:
    """Yield the Map Runs of all executions, each with its execution."""
    for started in service.executions.values():
        for record in started.running.run.map_runs:
            yield started, record


def child_executions(service: Service) -> dict[str, ChildExecution]:
    """Return the children that Map Runs remember, by ARN."""
    return {
        child.arn: ChildExecution(child, record, started)
        for started, record in all_map_runs(service)
        for child in record.children.values()
    }


def find_map_run(service: Service, text: str) -> tuple[Started, MapRunRecord]:
    """Return a Map Run and its execution.

    Raises:
        ServiceError: InvalidArn or ResourceNotFound.
    """
    parse_arn(text, "mapRun")
    found = next((pair for pair in all_map_runs(service) if pair[1].arn == text), None)
    if found is None:
        raise no_resource(text)
    return found


def list_all(service: Service, parameters: Parameters) -> Answer:
    """ListMapRuns, of an execution."""
    arn = parameters["executionArn"]
    parse_arn(arn, "execution")
    started = service.executions.get(arn)
    if started is None:
        raise no_execution(arn)
    items, token = page(started.running.run.map_runs, parameters, arn)
    return {"mapRuns": [_summarize(started, record) for record in items], **token}


def _summarize(started: Started, record: MapRunRecord) -> Answer:
    answer = {
        "executionArn": started.arn,
        "mapRunArn": record.arn,
        "stateMachineArn": f"{started.machine_arn.rsplit(':', 1)[0]}:{record.child_machine}",
        "startDate": started.start + timedelta(seconds=record.started),
    }
    return answer if record.ended is None else {**answer, "stopDate": started.start + timedelta(seconds=record.ended)}


def describe(service: Service, parameters: Parameters) -> Answer:
    """DescribeMapRun."""
    started, record = find_map_run(service, parameters["mapRunArn"])
    summary = _summarize(started, record)
    del summary["stateMachineArn"]
    redriven = {"redriveDate": started.start + timedelta(seconds=record.redrives[-1])} if record.redrives else {}
    return {
        **summary,
        **redriven,
        "status": record.status,
        "maxConcurrency": record.max_concurrency,
        "toleratedFailureCount": int(record.tolerated_count or 0),
        "toleratedFailurePercentage": float(record.tolerated_percentage or 0),
        "itemCounts": _counts(record.items, record.started_items, record.item_ends, written=record.has_writer),
        "executionCounts": _counts(
            record.started_children, record.started_children, record.child_ends, written=record.has_writer
        ),
        "redriveCount": len(record.redrives),
    }


def _counts(total: int, begun: int, ends: dict[str, int], *, written: bool) -> Answer:
    ended = sum(ends.values())
    return {
        "pending": total - begun,
        "running": begun - ended,
        **ends,
        "total": total,
        "resultsWritten": ended if written else 0,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    }


def update(service: Service, parameters: Parameters) -> Answer:
    """UpdateMapRun: one under way heeds its new limits; of one that has ended, they are only described.

    Raises:
        ServiceError: ValidationException for what is out of range.
    """
    started, record = find_map_run(service, parameters["mapRunArn"])
    concurrency, count = parameters.get("maxConcurrency"), parameters.get("toleratedFailureCount")
    percentage = parameters.get("toleratedFailurePercentage")
    if percentage is not None and not 0 <= percentage <= 100:
        raise validation("toleratedFailurePercentage must be between 0 and 100")
    if concurrency is not None:
        record.max_concurrency = concurrency
    record.tolerated_count = record.tolerated_count if count is None else count
    record.tolerated_percentage = record.tolerated_percentage if percentage is None else percentage
    if record.ended is None:
        record.apply()
        started.running.run.go_on()
    return {}
