"""Redshift's and RDS's Data APIs on moto: statements are answered with what the test has queued.

Replaced in moto while the stubs are open: `RedshiftDataAPIServiceBackend.execute_statement`,
`RedshiftDataAPIServiceResponse`'s `describe_statement` and `get_statement_result`, and
`RDSDataServiceBackend.execute_statement`.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipeproof.environments.aws.queries.queue import QueryQueue, QueryResult

_TYPES: list[tuple[type, str, str]] = [
    (bool, "booleanValue", "bool"), (int, "longValue", "int8"), (float, "doubleValue", "float8"),
    (Decimal, "stringValue", "numeric"), (datetime, "stringValue", "timestamp"), (date, "stringValue", "date"),
    (bytes, "blobValue", "varbyte"),
]  # fmt: skip
"""A value's Python type, the field of the API that holds it, and Redshift's name of the column's type."""


@contextmanager
def redshift_answered_from(queue: QueryQueue) -> Iterator[None]:
    """Answer the Redshift Data API from the queue, as long as the context is open."""
    from moto.redshiftdata.models import RedshiftDataAPIServiceBackend as Backend
    from moto.redshiftdata.responses import RedshiftDataAPIServiceResponse as Response

    results: dict[str, QueryResult] = {}
    owners: tuple[Any, Any] = (Backend, Response)
    before = (Backend.execute_statement, Response.describe_statement, Response.get_statement_result)
    owners[0].execute_statement = _execute(before[0], queue, results)
    owners[1].describe_statement = _describe(before[1], results)
    owners[1].get_statement_result = _result(before[2], results)
    try:
        yield
    finally:
        owners[0].execute_statement, owners[1].describe_statement, owners[1].get_statement_result = before


@contextmanager
def rds_answered_from(queue: QueryQueue) -> Iterator[None]:
    """Answer the RDS Data API from the queue, as long as the context is open.

    moto's own queue of results, where the test filled that one, goes first.
    """
    from moto.rdsdata.models import QueryResults, RDSDataServiceBackend

    owner: Any = RDSDataServiceBackend
    original = owner.execute_statement

    def execute_statement(backend: Any, resource_arn: str, sql: str) -> Any:
        if backend.results_queue or (resource_arn, sql) in backend.sql_results:
            return original(backend, resource_arn, sql)
        result = queue.take("rds-data", sql)
        if result.error is not None:
            from moto.core.exceptions import JsonRESTError

            raise JsonRESTError("BadRequestException", result.error)
        records = [[field_of(value) for value in row] for row in result.rows]
        columns = _columns(result)
        return QueryResults(records, columns, number_of_records_updated=0)

    owner.execute_statement = execute_statement
    try:
        yield
    finally:
        owner.execute_statement = original


def _execute(original: Any, queue: QueryQueue, results: dict[str, QueryResult]) -> Any:
    def execute_statement(backend: Any, *args: Any, **kwargs: Any) -> Any:
        result = queue.take("redshift-data", kwargs["sql"])
        statement = original(backend, *args, **kwargs)
        results[statement.id] = result
        statement.status = "FINISHED" if result.error is None else "FAILED"
        statement.has_result_set = result.error is None and bool(result.columns)
        statement.result_rows = len(result.rows) if result.error is None else -1
        statement.result_size = sum(len(str(value)) for row in result.rows for value in row)
        return statement

    return execute_statement


def _describe(original: Any, results: dict[str, QueryResult]) -> Any:
    def describe_statement(response: Any) -> Any:
        status, headers, body = original(response)
        answer = {key: value for key, value in json.loads(body).items() if value is not None}
        result = results.get(answer.get("Id", ""))
        if result is not None and result.error is not None:
            answer["Error"] = result.error
        return status, headers, json.dumps(answer)

    return describe_statement


def _result(original: Any, results: dict[str, QueryResult]) -> Any:
    def get_statement_result(response: Any) -> Any:
        identifier = response._get_param("Id")  # noqa: SLF001 - see the module's docstring
        result = results.get(identifier)
        if result is None:
            return original(response)
        if not result.columns or result.error is not None:
            from moto.redshiftdata.exceptions import ResourceNotFoundException

            raise ResourceNotFoundException()
        answer = {
            "Records": [[field_of(value) for value in row] for row in result.rows],
            "ColumnMetadata": _columns(result),
            "TotalNumRows": len(result.rows),
        }
        return 200, {}, json.dumps(answer)

    return get_statement_result


def field_of(value: Any) -> dict[str, Any]:
    """A value as a Field of the API."""
    if value is None:
        return {"isNull": True}
    name = next((name for kind, name, _ in _TYPES if isinstance(value, kind)), "stringValue")
    if name == "blobValue":
        return {name: base64.b64encode(value).decode()}
    if name == "stringValue":
        return {name: value if isinstance(value, str) else _text(value)}
    return {name: value}


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return json.dumps(value, default=str) if isinstance(value, (dict, list)) else str(value)


def _columns(result: QueryResult) -> list[dict[str, Any]]:
    columns = []
    for index, name in enumerate(result.columns):
        value = next((row[index] for row in result.rows if row[index] is not None), None)
        kind = next((kind for known, _, kind in _TYPES if isinstance(value, known)), "varchar")
        columns.append({"name": name, "label": name, "typeName": kind, "nullable": 1})
    return columns
