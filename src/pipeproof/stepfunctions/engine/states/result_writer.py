"""ResultWriter: what the children of a distributed Map gave, written as files to S3 with a manifest."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pipeproof.stepfunctions.values import dump

Put = Callable[[Mapping[str, Any]], None]
"""Puts an object of S3: `Bucket`, `Key`, `Body`."""

CHUNK_BYTES = 5_000_000
"""Results are written in files of about this size, so that a long run needs no more memory than that."""


class ResultFiles:
    """Collects the children's results and writes them in chunks.

    Args:
        bucket: Where to.
        prefix: The start of each key, the Map Run's id included.
        put: Writes one object.
        config: WriterConfig.
    """

    def __init__(self, bucket: str, prefix: str, put: Put, config: Mapping[str, Any]) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._put = put
        self._lines = config.get("OutputType") == "JSONL"
        self._transformation = config.get("Transformation", "NONE")
        self._pending: dict[str, list[str]] = {"SUCCEEDED": [], "FAILED": []}
        self._sizes = {"SUCCEEDED": 0, "FAILED": 0}
        self._files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}

    def add(self, status: str, record: Mapping[str, Any], output: Any) -> None:
        """Adds a child's record; its output alone where the writer is told to compact or to flatten."""
        if status == "SUCCEEDED" and self._transformation != "NONE":
            flatten = self._transformation == "FLATTEN" and isinstance(output, list)
            texts = [dump(item) for item in (output if flatten else [output])]
        else:
            texts = [dump(record)]
        self._pending[status].extend(texts)
        self._sizes[status] += sum(map(len, texts))
        if self._sizes[status] > CHUNK_BYTES:
            self._flush(status)

    def _flush(self, status: str) -> None:
        texts = self._pending[status]
        if not texts:
            return
        number = len(self._files[status])
        suffix = "jsonl" if self._lines else "json"
        key = f"{self._prefix}/{status}_{number}.{suffix}"
        body = "\n".join(texts) if self._lines else "[" + ",".join(texts) + "]"
        self._put({"Bucket": self._bucket, "Key": key, "Body": body})
        self._files[status].append({"Key": key, "Size": len(body.encode())})
        self._pending[status] = []
        self._sizes[status] = 0

    def finish(self, map_run_arn: str) -> dict[str, str]:
        """Writes what is left and the manifest; gives ResultWriterDetails."""
        for status in self._pending:
            self._flush(status)
        key = f"{self._prefix}/manifest.json"
        manifest = {"DestinationBucket": self._bucket, "MapRunArn": map_run_arn, "ResultFiles": self._files}
        self._put({"Bucket": self._bucket, "Key": key, "Body": json.dumps(manifest)})
        return {"Bucket": self._bucket, "Key": key}
