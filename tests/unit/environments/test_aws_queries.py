"""SQL sent to Athena, Redshift Data and RDS Data: answered with what was queued, executed or refused; never made up."""
# ruff: noqa: E501 - a table is read by its rows

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeproof.environments.aws import AwsStub, QueryResultError, UnansweredQueryError, open_aws
from pipeproof.stepfunctions.machine import StateMachine

CLUSTER = {"ClusterIdentifier": "c", "Database": "d", "DbUser": "u"}
AURORA = {
    "resourceArn": "arn:aws:rds:us-east-1:123456789012:cluster:c",
    "secretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s",
}
ROWS = [
    {"id": 1, "name": "ann", "at": datetime(2026, 1, 2, 3, 4, 5, 678000), "day": date(2026, 1, 2), "total": Decimal("1.50"), "ok": True},
    {"id": 2, "name": None, "at": None, "day": None, "total": None, "ok": False},
]  # fmt: skip


@pytest.fixture
def nothing_executes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where duckdb or sqlglot is not installed."""
    monkeypatch.setattr("pipeproof.environments.aws.queries.running.PACKAGES", ("no_such_package",))


@pytest.fixture
def aws() -> Iterator[AwsStub]:
    with open_aws() as stub:
        yield stub


def ask_athena(aws: AwsStub, sql: str, **options: Any) -> str:
    return str(aws.client("athena").start_query_execution(QueryString=sql, **options)["QueryExecutionId"])


def ask_redshift(aws: AwsStub, sql: str) -> str:
    return str(aws.client("redshift-data").execute_statement(Sql=sql, **CLUSTER)["Id"])


def ask_rds(aws: AwsStub, sql: str) -> Any:
    return aws.client("rds-data").execute_statement(sql=sql, includeResultMetadata=True, **AURORA)


ASK = {"athena": ask_athena, "redshift-data": ask_redshift, "rds-data": ask_rds}


@pytest.mark.usefixtures("nothing_executes")
@pytest.mark.parametrize("service", ASK)
def test_query__that_nothing_answers_or_executes__is_refused(aws: AwsStub, service: str) -> None:
    with pytest.raises(
        UnansweredQueryError, match=rf"this query of {service}.*: select 1 from t(.|\n)*aws\.query_results"
    ):
        ASK[service](aws, "select 1\n  from t")


@pytest.mark.usefixtures("nothing_executes")
@pytest.mark.parametrize("service", ["athena", "redshift-data"])
def test_query__that_could_be_executed__says_what_to_install(aws: AwsStub, service: str) -> None:
    with pytest.raises(UnansweredQueryError, match=r"install pipeproof\[dbt\], or add duckdb and sqlglot"):
        ASK[service](aws, "select 1")


@pytest.mark.usefixtures("nothing_executes")
@pytest.mark.parametrize("service", ASK)
def test_query__is_answered_by_the_oldest_result_that_fits(aws: AwsStub, service: str) -> None:
    other = aws.query_results([{"n": 1}], matching="from elsewhere")
    wrong = aws.query_results([{"n": 2}], service=next(name for name in ASK if name != service))
    once = aws.query_results([{"n": 3}], matching="FROM   orders")
    always = aws.query_results([{"n": 4}], matching=re.compile(r"from \w+s$"), times=None)
    queries = [f"select {n}\nfrom orders" for n in range(3)]
    for query in queries:
        ASK[service](aws, query)
    assert [result.queries for result in (other, wrong, once, always)] == [[], [], queries[:1], queries[1:]]
    with pytest.raises(UnansweredQueryError, match="do not match it: 'from elsewhere'"):
        ASK[service](aws, "select 1 from t")


def test_athena__rows_are_written_as_athena_writes_them(aws: AwsStub) -> None:
    aws.client("s3").create_bucket(Bucket="results")
    aws.query_results(ROWS)
    where = {"ResultConfiguration": {"OutputLocation": "s3://results/out/"}}
    query = ask_athena(aws, "select * from t", **where)
    execution = aws.client("athena").get_query_execution(QueryExecutionId=query)["QueryExecution"]
    assert execution["Status"]["State"] == "SUCCEEDED"
    answer = aws.client("athena").get_query_results(QueryExecutionId=query)["ResultSet"]
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in answer["Rows"]]
    assert rows == [
        ["id", "name", "at", "day", "total", "ok"],
        ["1", "ann", "2026-01-02 03:04:05.678", "2026-01-02", "1.50", "true"],
        ["2", None, None, None, None, "false"],
    ]
    columns = {column["Name"]: column["Type"] for column in answer["ResultSetMetadata"]["ColumnInfo"]}
    assert columns == {
        "id": "bigint", "name": "varchar", "at": "timestamp", "day": "date", "total": "decimal", "ok": "boolean",
    }  # fmt: skip
    stored = aws.client("s3").get_object(Bucket="results", Key=f"out/{query}.csv")["Body"].read().decode()
    assert stored.splitlines()[0] == '"id","name","at","day","total","ok"'


def test_athena__results_come_in_pages(aws: AwsStub) -> None:
    aws.query_results([(number,) for number in range(2500)], columns=["n"])
    query = ask_athena(aws, "select n from t")
    pages = list(aws.client("athena").get_paginator("get_query_results").paginate(QueryExecutionId=query))
    sizes = [len(page["ResultSet"]["Rows"]) for page in pages]
    assert sizes == [1000, 1000, 501]
    small = aws.client("athena").get_query_results(QueryExecutionId=query, MaxResults=3)
    assert (len(small["ResultSet"]["Rows"]), "NextToken" in small) == (3, True)


def test_athena__an_error__fails_the_query(aws: AwsStub) -> None:
    aws.query_results(error="TABLE_NOT_FOUND: line 1:15: Table 't' does not exist")
    query = ask_athena(aws, "select * from t")
    status = aws.client("athena").get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
    assert (status["State"], status["StateChangeReason"][:15]) == ("FAILED", "TABLE_NOT_FOUND")
    with pytest.raises(ClientError, match="FAILED"):
        aws.client("athena").get_query_results(QueryExecutionId=query)


def test_redshift__rows_are_fields(aws: AwsStub) -> None:
    aws.query_results(ROWS, service="redshift-data")
    statement = ask_redshift(aws, "select * from t")
    described = aws.client("redshift-data").describe_statement(Id=statement)
    assert (described["Status"], described["HasResultSet"], described["ResultRows"]) == ("FINISHED", True, 2)
    answer = aws.client("redshift-data").get_statement_result(Id=statement)
    assert answer["Records"] == [
        [{"longValue": 1}, {"stringValue": "ann"}, {"stringValue": "2026-01-02 03:04:05.678000"},
         {"stringValue": "2026-01-02"}, {"stringValue": "1.50"}, {"booleanValue": True}],
        [{"longValue": 2}, *[{"isNull": True}] * 4, {"booleanValue": False}],
    ]  # fmt: skip
    assert [(column["name"], column["typeName"]) for column in answer["ColumnMetadata"]][:2] == [
        ("id", "int8"),
        ("name", "varchar"),
    ]
    assert answer["TotalNumRows"] == 2


def test_redshift__statements_without_rows_and_with_errors(aws: AwsStub) -> None:
    aws.query_results(matching="insert")
    aws.query_results(matching="select", error='relation "t" does not exist')
    insert, select = ask_redshift(aws, "insert into t values (1)"), ask_redshift(aws, "select 1")
    described = aws.client("redshift-data").describe_statement(Id=insert)
    assert (described["Status"], described["HasResultSet"]) == ("FINISHED", False)
    failed = aws.client("redshift-data").describe_statement(Id=select)
    assert (failed["Status"], failed["Error"]) == ("FAILED", 'relation "t" does not exist')
    for statement in (insert, select):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            aws.client("redshift-data").get_statement_result(Id=statement)


def test_rds__rows_and_errors(aws: AwsStub) -> None:
    aws.query_results([{"id": 1, "name": None}])
    answer = ask_rds(aws, "select * from t")
    assert answer["records"] == [[{"longValue": 1}, {"isNull": True}]]
    assert [column["name"] for column in answer["columnMetadata"]] == ["id", "name"]
    aws.query_results(error="syntax error")
    with pytest.raises(ClientError, match=r"BadRequestException.*syntax error"):
        ask_rds(aws, "select")


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([(1, 2)], {}, "need columns"),
        ([(1, 2)], {"columns": ["a"]}, "2 values for 1 columns"),
        ([{"a": 1}], {"columns": ["b"]}, "none of the columns b"),
        ([], {"service": "snowflake"}, "no queries of 'snowflake'"),
    ],
)
def test_query_results__that_make_no_sense__are_refused(
    aws: AwsStub, rows: Any, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(QueryResultError, match=said):
        aws.query_results(rows, **options)


def test_state_machine__athena_sync__is_answered_or_executed_too(aws: AwsStub) -> None:
    call = {"Type": "Task", "Resource": "arn:aws:states:::athena:startQueryExecution.sync", "End": True}
    call["Parameters"] = {"QueryString": "select 1 from t", "WorkGroup": "primary"}  # type: ignore[assignment]
    machine = StateMachine({"StartAt": "Ask", "States": {"Ask": call}})
    failed = machine.run(check=False)
    assert failed.error == "States.TaskFailed"
    assert "MISSING_SCHEMA_NAME" in str(failed.cause)
    aws.query_results([{"n": 1}])
    assert machine.run().output["QueryExecution"]["Status"]["State"] == "SUCCEEDED"
    aws.query_results(error="no")
    assert machine.run(check=False).error == "States.TaskFailed"
