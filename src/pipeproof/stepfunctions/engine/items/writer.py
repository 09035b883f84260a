"""ResultWriter: what the children of a distributed Map gave, as the state's result or as files in S3 with a manifest.

The rules are those of the developer guide's page on ResultWriter: NONE gives a record of each child execution, COMPACT
its output, FLATTEN the items of its output where that is an array; of a child that failed there is always the record.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.values import dump

Put = Callable[[Mapping[str, Any]], None]
"""Puts an object of S3: `Bucket`, `Key`, `Body` and what else the writer's parameters say."""

CHUNK_BYTES = 5_000_000
"""Results are written in files of about this size, so that a long run needs no more memory than that."""

NONE, COMPACT, FLATTEN = "NONE", "COMPACT", "FLATTEN"
_TRANSFORMATIONS = (NONE, COMPACT, FLATTEN)
_OUTPUT_TYPES = ("JSON", "JSONL")


def writer_failure(cause: str | None, exception: BaseException | None = None) -> StateFailure:
    """Return the results cannot be written."""
    return StateFailure("States.ResultWriterFailed", cause, exception=exception)


def check_config(config: Mapping[str, Any], *, exports: bool) -> tuple[str, str]:
    """Transformation and OutputType of a WriterConfig, or what stands in for them.

    Args:
        config: The WriterConfig.
        exports: The results go to S3 (where NONE is AWS's default) and not to the next state (COMPACT).

    Raises:
        StateFailure: States.ResultWriterFailed, where one is no value that there is.
    """
    transformation = config.get("Transformation", NONE if exports else COMPACT)
    kind = config.get("OutputType", "JSON")
    for field, value, known in (
        ("Transformation", transformation, _TRANSFORMATIONS),
        ("OutputType", kind, _OUTPUT_TYPES),
    ):
        if value not in known:
            raise writer_failure(f"{field} {value!r} is none of {', '.join(known)}.")
    return str(transformation), str(kind)


def transform(transformation: str, record: Mapping[str, Any], output: Any) -> list[Any]:
    """Return what a child that succeeded adds to the results."""
    if transformation == NONE:
        return [record]
    return output if transformation == FLATTEN and isinstance(output, list) else [output]


class Results:
    """Collects the children's results for the next state.

    Args:
        config: WriterConfig.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._transformation, _ = check_config(config, exports=False)
        self._given = "Transformation" in config
        self._found: dict[int, list[Any]] = {}

    def add(self, index: int, status: str, record: Callable[[], Mapping[str, Any]], output: Any) -> None:
        """Adds what a child gave; without a Transformation a child that failed adds nothing."""
        if status == "SUCCEEDED":
            made = record() if self._transformation == NONE else {}
            self._found[index] = transform(self._transformation, made, output)
        elif self._given:
            self._found[index] = [record()]

    def finish(self, _map_run_arn: str) -> Any:
        """Return the state's result: the children's, in the order of their items."""
        return [result for index in sorted(self._found) for result in self._found[index]]


class ResultFiles:
    """Collects the children's results and writes them in chunks.

    Args:
        parameters: The writer's Parameters or Arguments, filled in: `Bucket`, `Prefix` and what else the call takes.
        map_run: The Map Run's id, which ends the prefix of each key.
        put: Writes one object.
        config: WriterConfig.
    """

    def __init__(self, parameters: Mapping[str, Any], map_run: str, put: Put, config: Mapping[str, Any]) -> None:
        self._where = {key: value for key, value in parameters.items() if key != "Prefix"}
        prefix = str(parameters.get("Prefix") or "").rstrip("/")
        self._prefix = f"{prefix}/{map_run}" if prefix else map_run
        self._put = put
        self._transformation, self._kind = check_config(config, exports=True)
        self._pending: dict[str, list[str]] = {"SUCCEEDED": [], "FAILED": []}
        self._sizes = {"SUCCEEDED": 0, "FAILED": 0}
        self._files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}

    def add(self, _index: int, status: str, record: Callable[[], Mapping[str, Any]], output: Any) -> None:
        """Adds a child's record, or its output as the Transformation says."""
        whole = record() if status != "SUCCEEDED" or self._transformation == NONE else {}
        results = transform(self._transformation, whole, output) if status == "SUCCEEDED" else [whole]
        texts = [dump(result) for result in results]
        self._pending[status].extend(texts)
        self._sizes[status] += sum(map(len, texts))
        if self._sizes[status] > CHUNK_BYTES:
            self._flush(status)

    def _flush(self, status: str) -> None:
        texts = self._pending[status]
        if not texts:
            return
        key = f"{self._prefix}/{status}_{len(self._files[status])}.json"
        body = "\n".join(texts) if self._kind == "JSONL" else "[" + ",".join(texts) + "]"
        self._put({**self._where, "Key": key, "Body": body})
        self._files[status].append({"Key": key, "Size": len(body.encode())})
        self._pending[status] = []
        self._sizes[status] = 0

    def finish(self, map_run_arn: str) -> Any:
        """Writes what is left and the manifest; gives the state's result: where they are."""
        for status in self._pending:
            self._flush(status)
        bucket = str(self._where.get("Bucket", ""))
        key = f"{self._prefix}/manifest.json"
        manifest = {"DestinationBucket": bucket, "MapRunArn": map_run_arn, "ResultFiles": self._files}
        self._put({**self._where, "Key": key, "Body": json.dumps(manifest)})
        return {"MapRunArn": map_run_arn, "ResultWriterDetails": {"Bucket": bucket, "Key": key}}
