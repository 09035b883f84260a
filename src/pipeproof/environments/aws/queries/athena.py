"""Athena on moto: queries are answered with what the test has queued, as Athena writes it.

Replaced in moto while the stubs are open: `AthenaBackend.start_query_execution`, and `AthenaResponse`'s
`get_query_execution` and `get_query_results`. Databases that a query creates or drops stay moto's own.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipeproof.environments.aws.queries.queue import QueryQueue, QueryResult

_DATABASES = re.compile(r"\s*(?:create|drop)\s+(?:database|schema)\b", re.IGNORECASE)
_UTILITY = ("ALTER", "CREATE", "DESCRIBE", "DROP", "MSCK", "SHOW")
_PAGE = 1000


@contextmanager
def answered_from(queue: QueryQueue) -> Iterator[None]:
    """Answer Athena's queries from the queue, as long as the context is open."""
    from moto.athena.models import AthenaBackend
    from moto.athena.responses import AthenaResponse

    backend, response = AthenaBackend, AthenaResponse
    failures: dict[str, str] = {}
    replaced: list[tuple[Any, str, Any]] = [
        (backend, "start_query_execution", _start(backend.start_query_execution, queue, failures)),
        (response, "get_query_execution", _describe(response.get_query_execution, failures)),
        (response, "get_query_results", _page(response.get_query_results)),
    ]
    originals = [(owner, name, getattr(owner, name)) for owner, name, _ in replaced]
    for owner, name, replacement in replaced:
        setattr(owner, name, replacement)
    try:
        yield
    finally:
        for owner, name, original in originals:
            setattr(owner, name, original)


def _start(original: Any, queue: QueryQueue, failures: dict[str, str]) -> Any:
    from moto.athena.models import QueryResults

    def start_query_execution(backend: Any, query: str, *args: Any, **kwargs: Any) -> str:
        if _DATABASES.match(query) or backend.query_results_queue:  # moto's own answers
            return str(original(backend, query, *args, **kwargs))
        result = queue.take("athena", query)
        identifier = str(original(backend, query, *args, **kwargs))
        if result.error is not None:
            failures[identifier] = result.error
            backend.executions[identifier].status = "FAILED"
        else:
            has_header = not query.lstrip().upper().startswith(_UTILITY)
            rows, columns = render(result, has_header=has_header)
            backend.query_results[identifier] = QueryResults(rows=rows, column_info=columns)
            backend._store_query_result_in_s3(identifier)  # noqa: SLF001 - see the module's docstring
        return identifier

    return start_query_execution


def _describe(original: Any, failures: dict[str, str]) -> Any:
    def get_query_execution(response: Any) -> Any:
        answer = json.loads(original(response))
        execution = answer["QueryExecution"]
        reason = failures.get(execution["QueryExecutionId"])
        if reason is not None:
            execution["Status"].update(
                StateChangeReason=reason, AthenaError={"ErrorCategory": 2, "ErrorMessage": reason, "Retryable": False}
            )
        return json.dumps(answer)

    return get_query_execution


def _page(original: Any) -> Any:
    def get_query_results(response: Any) -> Any:
        answer = json.loads(original(response))
        first = int(response._get_param("NextToken") or 0)  # noqa: SLF001 - see the module's docstring
        after = first + int(response._get_param("MaxResults") or _PAGE)  # noqa: SLF001
        rows = answer["ResultSet"]["Rows"]
        answer["ResultSet"]["Rows"] = rows[first:after]
        if after < len(rows):
            answer["NextToken"] = str(after)
        return json.dumps(answer)

    return get_query_results


def render(result: QueryResult, *, has_header: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows and columns of a result as GetQueryResults gives them; of a SELECT the first row are the columns' names."""
    values = [*([result.columns] if has_header else []), *result.rows]
    rows = [{"Data": [_cell(value) for value in row]} for row in values]
    columns = []
    for index, name in enumerate(result.columns):
        kind = _type_of([row[index] for row in result.rows])
        columns.append(
            {
                "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name, "Label": name, "Type": kind,
                "Precision": 0, "Scale": 0, "Nullable": "UNKNOWN", "CaseSensitive": kind == "varchar",
            }
        )  # fmt: skip
    return rows, columns


def _cell(value: Any) -> dict[str, str]:
    return {} if value is None else {"VarCharValue": text_of(value)}


def text_of(value: Any) -> str:
    """A value as Athena writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=str)
    return str(value)


def _type_of(values: list[Any]) -> str:
    """The column's type by its first value; Athena's name of it."""
    value = next((value for value in values if value is not None), None)
    kinds: list[tuple[type, str]] = [
        (bool, "boolean"), (int, "bigint"), (float, "double"), (Decimal, "decimal"), (datetime, "timestamp"),
        (date, "date"), (bytes, "varbinary"),
    ]  # fmt: skip
    return next((name for kind, name in kinds if isinstance(value, kind)), "varchar")
