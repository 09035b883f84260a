"""Redshift's and RDS's Data APIs on moto: statements are answered from the test's queue, Redshift's also executed.

What is replaced in moto while the stubs are open is listed in [pipeproof.environments.aws.touched][] (`REDSHIFT` and
`RDS`); `batch_execute_statement`, which moto lacks, is added.
"""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipeproof.environments.aws.queries import redshift_statements, running
from pipeproof.environments.aws.queries.queue import QueryQueue, QueryResult
from pipeproof.environments.aws.queries.running import Rows
from pipeproof.environments.aws.touched import RDS, REDSHIFT
from pipeproof.environments.installed import not_installed
from pipeproof.errors import PipeproofError
from pipeproof.patching import Found, replaced
from pipeproof.sql.errors import FailedError

_TYPES: list[tuple[type, str, str]] = [
    (bool, "booleanValue", "bool"), (int, "longValue", "int8"), (float, "doubleValue", "float8"),
    (Decimal, "stringValue", "numeric"), (datetime, "stringValue", "timestamp"), (date, "stringValue", "date"),
    (bytes, "blobValue", "varbyte"),
]  # fmt: skip
"""A value's Python type, the field of the API that holds it, and Redshift's name of the column's type."""


@contextmanager
def redshift_answered_from(queue: QueryQueue, _client: Any = None) -> Iterator[None]:
    """Answer the Redshift Data API from the queue, or execute statements, as long as the context is open.

    What is executed runs on databases of this context's own, one for each cluster or workgroup and database.
    """
    results: dict[str, QueryResult | Rows] = {}
    errors: dict[str, str] = {}
    databases = _Databases()
    run = _Run(queue, databases, results, errors)

    @contextmanager
    def answered() -> Iterator[None]:
        execute = REDSHIFT.locate(f"{_BACKEND}.execute_statement")
        owner = REDSHIFT.locate(f"{_RESPONSE}.describe_statement").owner
        makes: dict[str, Any] = {
            f"{_BACKEND}.execute_statement": lambda original: _execute(original, run),
            f"{_RESPONSE}.describe_statement": lambda _: _describe(errors),
            f"{_RESPONSE}.get_statement_result": lambda _: _result(results),
        }
        batch = Found(owner, "batch_execute_statement", None)
        with REDSHIFT.replacing(makes), replaced(batch, _batch(execute.value, run)):
            yield

    with ExitStack() as stack:
        stack.callback(databases.close)
        REDSHIFT.enter(stack, answered)
        yield


_BACKEND = "moto.redshiftdata.models:RedshiftDataAPIServiceBackend"
_RESPONSE = "moto.redshiftdata.responses:RedshiftDataAPIServiceResponse"


class _Databases:
    """The databases of one test, empty at first; a statement at a time in each."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._open: dict[tuple[str, str], Any] = {}

    def connection(self, cluster: str, database: str) -> Any:
        """DuckDB's connection to the database of a cluster."""
        if (cluster, database) not in self._open:
            self._open[cluster, database] = running.connect()
        return self._open[cluster, database]

    def close(self) -> None:
        """Forget them all."""
        for connection in self._open.values():
            connection.close()


@dataclass(frozen=True)
class _Run:
    """What statements are run with, and where their results are kept by their identifiers."""

    queue: QueryQueue
    databases: _Databases
    results: dict[str, "QueryResult | Rows"]
    errors: dict[str, str]

    def finish(self, statement: Any, cluster: str, database: str, parameters: Any, sql: str) -> str | None:
        """Run a statement that moto has made, and write into it how it ended; gives its error."""
        queued = self.queue.find("redshift-data", sql)
        error: str | None = queued.error if queued is not None else None
        rows: QueryResult | Rows | None = queued
        count = len(queued.rows) if queued is not None else 0
        if queued is None and not running.is_available():
            missing = not_installed("duckdb, which executes SQL,", "dbt", "duckdb and sqlglot")
            self.queue.take("redshift-data", sql, to_execute=f"{missing}. ")
        if queued is None:
            try:
                connection = self.databases.connection(cluster, database)
                given = redshift_statements.execute(connection, sql, parameters or ())
                rows, count = given.rows, given.count
            except FailedError as failure:
                error = str(failure)
        statement.status = "FINISHED" if error is None else "FAILED"
        statement.has_result_set = error is None and rows is not None and bool(rows.columns)
        statement.result_rows = count if error is None else -1
        values = [] if rows is None else rows.rows if isinstance(rows, QueryResult) else rows.values
        statement.result_size = sum(len(str(value)) for row in values for value in row) if error is None else -1
        if error is not None:
            self.errors[statement.id] = error
        elif statement.has_result_set and rows is not None:
            self.results[statement.id] = rows
        return error


@contextmanager
def rds_answered_from(queue: QueryQueue, _client: Any = None) -> Iterator[None]:
    """Answer the RDS Data API from the queue, as long as the context is open.

    moto's own queue of results, where the test filled that one, goes first.
    """

    def answering(original: Any) -> Any:
        make = RDS.find("moto.rdsdata.models:QueryResults")

        def execute_statement(backend: Any, resource_arn: str, sql: str) -> Any:
            if backend.results_queue or (resource_arn, sql) in backend.sql_results:
                return original(backend, resource_arn, sql)
            result = queue.take("rds-data", sql)
            if result.error is not None:
                from moto.core.exceptions import JsonRESTError

                raise JsonRESTError("BadRequestException", result.error)
            records = [[field_of(value) for value in row] for row in result.rows]
            return make(records, _columns(result), number_of_records_updated=0)

        return execute_statement

    with ExitStack() as stack:
        RDS.enter(stack, {"moto.rdsdata.models:RDSDataServiceBackend.execute_statement": answering})
        yield


def _execute(original: Any, run: _Run) -> Any:
    def execute_statement(backend: Any, *args: Any, **kwargs: Any) -> Any:
        with run.databases.lock:
            statement = original(backend, *args, **kwargs)
            try:
                cluster = kwargs["cluster_identifier"] or ""
                run.finish(statement, cluster, kwargs["database"], kwargs["parameters"], kwargs["sql"])
            except PipeproofError:
                del backend.statements[statement.id]
                raise
        return statement

    return execute_statement


def _batch(original: Any, run: _Run) -> Any:
    """`BatchExecuteStatement`, which moto lacks: one transaction, undone as a whole where a statement fails."""

    def batch_execute_statement(response: Any) -> Any:
        backend, asked = response.redshiftdata_backend, json.loads(response.body)
        sqls, cluster, database = asked["Sqls"], asked.get("ClusterIdentifier") or "", asked["Database"]
        options = {
            "cluster_identifier": asked.get("ClusterIdentifier"), "database": database, "db_user": asked.get("DbUser"),
            "parameters": asked.get("Parameters"), "secret_arn": asked.get("SecretArn"),
        }  # fmt: skip
        with run.databases.lock:
            whole = original(backend, **options, sql="; ".join(sqls))
            connection = run.databases.connection(cluster, database) if running.is_available() else None
            if connection is not None:
                connection.execute("BEGIN")
            whole.status, whole.sub_statements = "FINISHED", []
            for number, sql in enumerate(sqls, 1):
                part = original(backend, **options, sql=sql)
                backend.statements[f"{whole.id}:{number}"] = backend.statements.pop(part.id)
                part.id = f"{whole.id}:{number}"
                whole.sub_statements.append(part)
                error = run.errors.get(whole.id)
                if error is not None:
                    part.status = "ABORTED"
                    continue
                error = run.finish(part, cluster, database, asked.get("Parameters"), sql)
                if error is not None:
                    whole.status, run.errors[whole.id] = "FAILED", error
            if connection is not None:
                connection.execute("COMMIT" if whole.status == "FINISHED" else "ROLLBACK")
            whole.has_result_set = any(part.has_result_set for part in whole.sub_statements)
        answer = {"Id": whole.id, "CreatedAt": whole.created_at, **{
            name: asked[name]
            for name in ("ClusterIdentifier", "Database", "DbUser", "SecretArn", "WorkgroupName") if name in asked
        }}  # fmt: skip
        return 200, {}, json.dumps(answer)

    return batch_execute_statement


_SUB_FIELDS = (
    "Id",
    "Duration",
    "HasResultSet",
    "QueryString",
    "ResultRows",
    "ResultSize",
    "Status",
    "CreatedAt",
    "UpdatedAt",
)


def _describe(errors: Mapping[str, str]) -> Any:
    def describe_statement(response: Any) -> Any:
        statement = response.redshiftdata_backend.describe_statement(response._get_param("Id"))  # noqa: SLF001
        answer = {key: value for key, value in dict(statement).items() if value is not None}
        answer["SubStatements"] = [
            {name: value for name, value in dict(part).items() if name in _SUB_FIELDS}
            | ({"Error": errors[part.id]} if part.id in errors else {})
            for part in statement.sub_statements
        ]
        if statement.id in errors:
            answer["Error"] = errors[statement.id]
        return 200, {}, json.dumps(answer)

    return describe_statement


def _result(results: "Mapping[str, QueryResult | Rows]") -> Any:
    def get_statement_result(response: Any) -> Any:
        from moto.redshiftdata.exceptions import ResourceNotFoundException

        statement = response.redshiftdata_backend.describe_statement(response._get_param("Id"))  # noqa: SLF001
        result = results.get(statement.id)
        if result is None:
            raise ResourceNotFoundException()
        values = result.rows if isinstance(result, QueryResult) else result.values
        answer = {
            "Records": [[field_of(value) for value in row] for row in values],
            "ColumnMetadata": _columns(result) if isinstance(result, QueryResult) else _typed_columns(result),
            "TotalNumRows": len(values),
        }
        return 200, {}, json.dumps(answer)

    return get_statement_result


_TYPE_NAMES = {
    "BOOLEAN": ("bool", 1, 0), "TINYINT": ("int2", 5, 0), "SMALLINT": ("int2", 5, 0), "INTEGER": ("int4", 10, 0),
    "BIGINT": ("int8", 19, 0), "FLOAT": ("float4", 8, 8), "DOUBLE": ("float8", 17, 17), "DATE": ("date", 13, 0),
    "TIMESTAMP": ("timestamp", 29, 6), "TIMESTAMP WITH TIME ZONE": ("timestamptz", 35, 6), "BLOB": ("varbyte", 0, 0),
}  # fmt: skip
"""DuckDB's types, with Redshift's name, precision and scale."""


def _typed_columns(rows: Rows) -> list[dict[str, Any]]:
    columns = []
    for name, kind in zip(rows.columns, rows.types, strict=True):
        named = _TYPE_NAMES.get(str(kind), ("varchar", 0, 0))
        if kind.id == "decimal":
            named = ("numeric", kind.children[0][1], kind.children[1][1])
        is_signed = named[0] in ("int2", "int4", "int8", "float4", "float8", "numeric")
        columns.append(
            {
                "name": name, "label": name, "typeName": named[0], "precision": named[1], "scale": named[2],
                "length": 0,
                "nullable": 1, "isSigned": is_signed, "isCaseSensitive": named[0] == "varchar", "isCurrency": False,
                "schemaName": "", "tableName": "",
            }
        )  # fmt: skip
    return columns


def field_of(value: Any) -> dict[str, Any]:
    """Return a value as a Field of the API."""
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
