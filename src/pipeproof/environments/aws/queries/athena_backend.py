"""Athena on moto: a query is answered with what the test has queued, or executed, and never made up.

What is replaced in moto while the stubs are open is listed in [pipeproof.environments.aws.touched][] (`ATHENA`).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipeproof.environments.aws.botocore_hooks import unobserved
from pipeproof.environments.aws.queries import athena_statements, running
from pipeproof.environments.aws.queries.athena_statements import Outcome, Session
from pipeproof.environments.aws.queries.athena_text import result_file
from pipeproof.environments.aws.queries.queue import QueryQueue, QueryResult
from pipeproof.environments.aws.touched import ATHENA
from pipeproof.environments.installed import not_installed
from pipeproof.sql.errors import FailedError, RejectedError

_UTILITY = ("ALTER", "CREATE", "DESCRIBE", "DROP", "MSCK", "SHOW")
_DATABASES = re.compile(r"\s*(?:create|drop)\s+(?:database|schema)\b", re.IGNORECASE)
_PAGE = 1000


@dataclass(frozen=True)
class _Ended:
    """How an execution ended: what it gave, or why it failed."""

    outcome: Outcome | None = None
    reason: str | None = None


@contextmanager
def answered_from(queue: QueryQueue, client: Callable[[str, str | None], Any]) -> Iterator[None]:
    """Answer Athena's queries from the queue, or execute them, as long as the context is open.

    Args:
        queue: What the test has queued.
        client: Gives a client on the stubs, for a service and a region.
    """
    ended: dict[str, _Ended] = {}
    makes: dict[str, Any] = {
        f"{_BACKEND}.start_query_execution": lambda original: _start(original, queue, client, ended),
        f"{_RESPONSE}.get_query_execution": lambda original: _describe(original, ended),
        f"{_RESPONSE}.get_query_results": lambda original: _page(original, ended),
    }
    with ExitStack() as stack:
        ATHENA.enter(stack, makes)
        yield


_BACKEND = "moto.athena.models:AthenaBackend"
_RESPONSE = "moto.athena.responses:AthenaResponse"


def _start(original: Any, queue: QueryQueue, client: Callable[[str, str | None], Any], ended: dict[str, _Ended]) -> Any:
    from moto.athena.models import QueryResults

    def start_query_execution(
        backend: Any, query: str, context: Any, config: Any, workgroup: str, execution_parameters: Any
    ) -> str:
        given = (query, context, config, workgroup, execution_parameters)
        if backend.query_results_queue:  # moto's own answers
            return str(original(backend, *given))
        result = queue.find("athena", query)
        if result is not None:
            identifier = str(original(backend, *given))
            if result.error is not None:
                ended[identifier] = _Ended(reason=result.error)
                backend.executions[identifier].status = "FAILED"
            else:
                has_header = not query.lstrip().upper().startswith(_UTILITY)
                rows, columns = render(result, has_header=has_header)
                backend.query_results[identifier] = QueryResults(rows=rows, column_info=columns)
                backend._store_query_result_in_s3(identifier)  # noqa: SLF001 - listed in ATHENA
            return identifier
        if not running.is_available():
            if _DATABASES.match(query):
                return str(original(backend, *given))
            queue.take(
                "athena",
                query,
                to_execute=f"{not_installed('duckdb, which executes SQL,', 'dbt', 'duckdb and sqlglot')}. ",
            )
        return _run(original, backend, given, lambda service: client(service, backend.region_name), ended)

    return start_query_execution


def _run(original: Any, backend: Any, given: tuple[Any, ...], client: Any, ended: dict[str, _Ended]) -> str:
    """Execute a statement, and give the identifier of its execution."""
    from moto.athena.models import QueryResults
    from moto.core.exceptions import JsonRESTError

    query, context, config, workgroup, parameters = given
    output = (config or {}).get("OutputLocation") or _output_of(backend, workgroup)
    config = {**(config or {}), "OutputLocation": output} if output else config
    session = Session(client, ((context or {}).get("Database") or "").lower() or None, output, query, parameters or ())
    with unobserved():
        try:
            _check_output(client, output)
            end = _Ended(athena_statements.execute(session))
        except RejectedError as error:
            raise JsonRESTError("InvalidRequestException", str(error)) from error
        except FailedError as error:
            end = _Ended(reason=str(error))
        identifier = str(original(backend, query, context, config, workgroup, parameters))
        execution = backend.executions[identifier]
        ended[identifier] = end
        if end.outcome is None:
            execution.status = "FAILED"
            return identifier
        outcome, header = end.outcome, [str(column["Name"]) for column in end.outcome.columns]
        rows = [header, *outcome.rows] if outcome.has_header else outcome.rows
        cells = [{"Data": [{} if text is None else {"VarCharValue": text} for text in row]} for row in rows]
        backend.query_results[identifier] = QueryResults(rows=cells, column_info=list(outcome.columns))  # type: ignore[arg-type]
        if output:
            execution.config["OutputLocation"] = _write(client, execution.config["OutputLocation"], outcome, header)
    return identifier


def _output_of(backend: Any, workgroup: str) -> str | None:
    group = backend.work_groups.get(workgroup or "primary")
    configuration: Mapping[str, Any] = (group.configuration or {}) if group is not None else {}
    location = (configuration.get("ResultConfiguration") or {}).get("OutputLocation")
    return str(location) if location else None


def _check_output(client: Any, output: str | None) -> None:
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    if not output:
        return
    bucket = output.partition("://")[2].partition("/")[0]
    try:
        client("s3").head_bucket(Bucket=bucket)
    except ClientError as error:
        raise RejectedError(f"Unable to verify/create output bucket {bucket}") from error


def _write(client: Any, location: str, outcome: Outcome, header: list[str]) -> str:
    """Write a result's file; gives where it is. Queries have CSV, other statements a text."""
    if not outcome.has_header and outcome.kind != "DML":
        location = location.removesuffix(".csv") + ".txt"
    bucket, _, key = location.partition("://")[2].partition("/")
    s3 = client("s3")
    if outcome.has_header:
        s3.put_object(Bucket=bucket, Key=key, Body=result_file(outcome.rows, header))
    elif outcome.written is not None:
        manifest = "".join(f"{uri}\n" for uri in outcome.written)
        s3.put_object(Bucket=bucket, Key=_manifest(key), Body=manifest.encode())
    else:
        s3.put_object(Bucket=bucket, Key=key, Body="".join(f"{row[0]}\n" for row in outcome.rows).encode())
    return location


def _manifest(location: str) -> str:
    return re.sub(r"\.(csv|txt)$", "", location) + "-manifest.csv"


def _describe(original: Any, ended: Mapping[str, _Ended]) -> Any:
    def get_query_execution(response: Any) -> Any:
        answer = json.loads(original(response))
        execution = answer["QueryExecution"]
        end = ended.get(execution["QueryExecutionId"], _Ended())
        if end.reason is not None:
            error = {"ErrorCategory": 2, "ErrorMessage": end.reason, "Retryable": False}
            execution["Status"].update(StateChangeReason=end.reason, AthenaError=error)
        if end.outcome is not None:
            execution["StatementType"] = end.outcome.kind
            execution["Statistics"]["DataScannedInBytes"] = end.outcome.scanned
            if end.outcome.written is not None and execution.get("ResultConfiguration"):
                location = execution["ResultConfiguration"]["OutputLocation"]
                execution["Statistics"]["DataManifestLocation"] = _manifest(location)
        return json.dumps(answer)

    return get_query_execution


def _page(original: Any, ended: Mapping[str, _Ended]) -> Any:
    def get_query_results(response: Any) -> Any:
        answer = json.loads(original(response))
        first = int(response._get_param("NextToken") or 0)  # noqa: SLF001 - listed in ATHENA
        after = first + int(response._get_param("MaxResults") or _PAGE)  # noqa: SLF001
        rows = answer["ResultSet"]["Rows"]
        answer["ResultSet"]["Rows"] = rows[first:after]
        if after < len(rows):
            answer["NextToken"] = str(after)
        end = ended.get(response._get_param("QueryExecutionId"), _Ended())  # noqa: SLF001
        if end.outcome is not None:
            answer["UpdateCount"] = end.outcome.count
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
    """Return a value as Athena writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=str)
    return str(value)


def _type_of(values: list[Any]) -> str:
    """Return the column's type by its first value; Athena's name of it."""
    value = next((value for value in values if value is not None), None)
    kinds: list[tuple[type, str]] = [
        (bool, "boolean"), (int, "bigint"), (float, "double"), (Decimal, "decimal"), (datetime, "timestamp"),
        (date, "date"), (bytes, "varbinary"),
    ]  # fmt: skip
    return next((name for kind, name in kinds if isinstance(value, kind)), "varchar")
