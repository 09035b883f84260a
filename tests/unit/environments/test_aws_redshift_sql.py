"""Redshift's SQL through its Data API, executed on a database of the test's own."""
# ruff: noqa: E501 - a table is read by its rows

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeproof.environments.aws import AwsStub, UntranslatableQueryError, open_aws

pytest.importorskip("duckdb")
WHERE = {"ClusterIdentifier": "c", "Database": "d", "DbUser": "u"}


class Redshift:
    """A cluster with the tables `orders` and `kept`."""

    def __init__(self, aws: AwsStub) -> None:
        self.client = aws.client("redshift-data")
        for statement in (
            "create table Orders (id int not null primary key, name varchar(5) encode zstd, total decimal(10,2) default 0, at timestamp) distkey(id) compound sortkey(at, id)",
            "insert into orders values (1, 'ann', 1.50, '2026-01-31 10:00:00'), (2, null, 2.25, null)",
        ):
            self.run(statement)

    def run(self, sql: str, **options: Any) -> Any:
        """The description of a statement that has ended."""
        identifier = self.client.execute_statement(Sql=sql, **{**WHERE, **options})["Id"]
        return self.client.describe_statement(Id=identifier)

    def rows(self, sql: str, **options: Any) -> list[list[Any]]:
        described = self.run(sql, **options)
        assert described["Status"] == "FINISHED", described["Error"]
        records = self.client.get_statement_result(Id=described["Id"])["Records"]
        return [[None if "isNull" in field else next(iter(field.values())) for field in record] for record in records]


@pytest.fixture(scope="module")
def redshift() -> Iterator[Redshift]:
    with open_aws() as stub:
        yield Redshift(stub)


EXPRESSIONS: list[tuple[str, Any]] = [
    ("7/2", 3), ("-7/2", -3), ("7%3", 1), ("7/2::float", 3.5), ("concat('a', null)", None), ("'a' || null", None), ("nvl(null, 1)", 1), ("nvl2(null, 1, 0)", 0), ("isnull(null, 2)", 2),
    ("greatest(1, null)", 1), ("decode(2, 1, 'a', 'b')", "b"), ("len('abc')", 3), ("left('abc', 2)", "ab"), ("charindex('b', 'abc')", 2), ("substring('abc', 0, 2)", "a"), ("substring('abc', 2, 1)", "b"),
    ("regexp_substr('abc', 'z')", ""), ("split_part('a,b', ',', 5)", ""), ("'ANN' ilike 'a%'", True), ("cast('12' as int)", 12), ("cast('abc' as varchar(2))", "ab"),
    ("datediff(month, '2026-01-31'::date, '2026-02-01'::date)", 1), ("dateadd(month, 1, '2026-01-31'::date)", "2026-02-28 00:00:00"), ("date_trunc('month', '2026-01-31'::date)", "2026-01-01 00:00:00"), ("extract(dow from '2026-02-01'::date)", 0),
    ("to_char('2026-01-31 10:00:00'::timestamp, 'YYYY-MM-DD HH24:MI')", "2026-01-31 10:00"), ("to_date('20260131', 'YYYYMMDD')", "2026-01-31"), ("getdate() > '2020-01-01'", True), ("'2020-01-01 10:00:00.123456'::timestamp", "2020-01-01 10:00:00.123456"),
    ("'y'::boolean", True), ("'Yes'::boolean", True), ("'n'::boolean", False), ("'no'::boolean", False), ("'1'::boolean", True), ("'0'::boolean", False), ("'t'::boolean", True), ("'FALSE'::boolean", False),
    ("'2020-01-31'::date + 1", "2020-02-01"), ("'2020-01-31'::date - 31", "2019-12-31"), ("1 + '2020-01-31'::date", "2020-02-01"), ("current_date - 1 < current_date", True), ("cast('2020-01-31' as date) + 2 * 3", "2020-02-06"),
]  # fmt: skip


def test_expressions__give_what_redshift_gives(redshift: Redshift) -> None:
    query = f"select {', '.join(text for text, _ in EXPRESSIONS)}"
    assert dict(zip((text for text, _ in EXPRESSIONS), redshift.rows(query)[0], strict=True)) == dict(EXPRESSIONS)


def test_rows__come_as_fields_with_redshifts_names_and_types(redshift: Redshift) -> None:
    described = redshift.run(
        "select ID, total, at, count(*), sum(id), avg(id), 1 + 1 from orders group by 1, 2, 3 order by 1 desc limit 1"
    )
    assert (described["HasResultSet"], described["ResultRows"]) == (True, 1)
    answer = redshift.client.get_statement_result(Id=described["Id"])
    assert answer["Records"] == [
        [
            {"longValue": 2},
            {"stringValue": "2.25"},
            {"isNull": True},
            {"longValue": 1},
            {"longValue": 2},
            {"longValue": 2},
            {"longValue": 2},
        ]
    ]
    named = [(column["name"], column["typeName"]) for column in answer["ColumnMetadata"]]
    assert named == [("id", "int4"), ("total", "numeric"), ("at", "timestamp"), ("count", "int8"), ("sum", "int8"), ("avg", "int8"), ("?column?", "int4")]  # fmt: skip
    assert (answer["ColumnMetadata"][1]["precision"], answer["ColumnMetadata"][1]["scale"]) == (10, 2)


def test_columns__without_a_name__are_called_as_the_function_is_written(redshift: Redshift) -> None:
    names = {
        "dateadd(day, 1, at)": "date_add", "datediff(day, at, at)": "date_diff", "len('a')": "len", "nvl(id, 1)": "coalesce", "getdate()": "getdate", "trim('a')": "btrim",
        "substring('a', 1, 1)": "substring", "charindex('a', 'b')": "charindex", "isnull(id, 1)": "isnull", "case when true then 1 end": "case", "date_trunc('day', at)": "date_trunc",
        "to_char(at, 'YYYY')": "to_char", "extract(day from at)": "date_part", "date_part(day, at)": "date_part", "decode(id, 1, 2)": "case", "pow(id, 2)": "pow", "strpos('a', 'b')": "strpos", "LEN('a')": "len",
        "row_number() over (order by id)": "row_number", "id::bigint": "id", "cast(id as bigint)": "id", "1 + 1": "?column?", "'a'": "?column?", "-id": "?column?", "id = 1": "?column?",
    }  # fmt: skip
    described = redshift.run(f"select {', '.join(names)} from orders")
    answer = redshift.client.get_statement_result(Id=described["Id"])
    assert dict(zip(names, (column["name"] for column in answer["ColumnMetadata"]), strict=True)) == names


def test_nulls__come_last_upwards_and_first_downwards(redshift: Redshift) -> None:
    assert redshift.rows("select name from orders order by name") == [["ann"], [None]]
    assert redshift.rows("select name from orders order by name desc") == [[None], ["ann"]]


def test_aliases__are_known_to_later_columns(redshift: Redshift) -> None:
    assert redshift.rows("select id as n, n + 1 as m from orders order by n") == [[1, 2], [2, 3]]


def test_changes__stay_and_say_how_many_rows_they_touch(redshift: Redshift) -> None:
    redshift.run("create table kept as select id, total from orders")
    assert redshift.run("update kept set total = total + id where id = 1")["ResultRows"] == 1
    assert redshift.rows("select total from kept k where k.id = :id", Parameters=[{"name": "id", "value": "1"}]) == [
        ["2.50"]
    ]
    assert redshift.run("delete from kept where total > 2.3")["ResultRows"] == 1
    assert redshift.run("insert into kept (id) values (8), (9)")["ResultRows"] == 2
    assert redshift.rows("select id from kept order by id") == [[2], [8], [9]]
    redshift.run("truncate kept")
    assert redshift.rows("select count(*) from kept") == [[0]]
    assert redshift.run("drop table kept")["Status"] == "FINISHED"
    inserted = redshift.run("insert into orders (id, name) values (1, 'dup')")  # keys are not enforced
    assert (inserted["Status"], inserted["HasResultSet"]) == ("FINISHED", False)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        redshift.client.get_statement_result(Id=inserted["Id"])
    redshift.run("delete from orders where name = 'dup'")
    assert redshift.run("select 1 from orders", Database="other")["Status"] == "FAILED"  # each database is its own


def test_texts__are_compared_without_the_blanks_at_their_ends(redshift: Redshift) -> None:
    redshift.run("create table blank (v varchar(3), n int)")
    redshift.run("insert into blank values ('x  ', 1), ('x', 2)")
    counted = {
        "where v = 'x'": 2, "where 'x ' = v": 2, "where v <> 'x'": 0, "where v in ('x', 'y')": 2, "where v in (select v from blank)": 2,
        "where v between 'x' and 'x'": 2, "a join blank b on a.v = b.v": 4, "a join blank b using (v)": 4, "where nullif(v, 'x') is null": 2,
        "where case v when 'x' then 1 else 0 end = 1": 2, "where decode(v, 'x', 1, 0) = 1": 2, "where v like 'x'": 1, "where n = 2 having max(v) = 'x '": 1,
    }  # fmt: skip
    for rest, count in counted.items():
        assert redshift.rows(f"select count(*) from blank {rest}") == [[count]], rest
    assert redshift.rows("select count(distinct v) from blank") == [[1]]
    assert redshift.rows("select n, count(*) over (partition by v) from blank order by v, n") == [[1, 2], [2, 2]]
    for query in (
        "select v, count(*) from blank group by 1",
        "select distinct v from blank",
        "select v from blank union select 'x'",
        "select 'x ' union select 'x'",
        "select v, count(*) from blank group by rollup (v)",
    ):
        with pytest.raises(UntranslatableQueryError, match="over a text that ends in blanks"):
            redshift.run(query)
    assert redshift.rows("select v, sum(n) from blank where n = 2 group by v order by v") == [["x", 2]]
    assert redshift.run("insert into blank values ('xyz   ', 3)")["Status"] == "FINISHED"
    assert redshift.run("update blank set v = 'ab      ' where n = 1")["Status"] == "FINISHED"
    assert redshift.rows("select v from blank where n <> 2 order by n") == [["ab "], ["xyz"]]


FAILURES = {
    "select 'on'::boolean": "ERROR: Cannot cast 'on' to BOOLEAN",
    "select * from nope": 'ERROR: relation "nope" does not exist',
    "insert into nope values (1)": 'ERROR: relation "nope" does not exist',
    "drop table nope": 'ERROR: relation "nope" does not exist',
    "select nope from orders": 'ERROR: column "nope" does not exist',
    "selec id from orders": 'ERROR: syntax error at or near "from"',
    "select 1 / (id - id) from orders": "ERROR: Divide by zero",
    "select cast(name as int) from orders": "ERROR: Cannot cast 'ann' to INT",
    "insert into orders (id, name) values (3, 'toolong')": "ERROR: value too long for type character varying(5)",
    "insert into orders (id) values (null)": "ERROR: Cannot insert a NULL value into column id",
    "create table orders (a int)": 'ERROR: Relation "orders" already exists',
    "select 1 from orders where id": "ERROR: argument of WHERE must be type boolean, not type integer",
    "select distinct id from orders order by total": "ERROR: for SELECT DISTINCT, ORDER BY expressions must appear in select list",
    "select 1; select 2": "ERROR: cannot insert multiple commands into a prepared statement",
}


@pytest.mark.parametrize("sql", FAILURES)
def test_statement__that_fails__says_why_in_its_description(redshift: Redshift, sql: str) -> None:
    described = redshift.run(sql)
    assert (described["Status"], described["Error"]) == ("FAILED", FAILURES[sql])


REFUSED = {
    "select id + 'a' from orders": "what Redshift makes of integer and varchar",
    "select upper(id) from orders": r"Unexpected parameters \(integer\) for function upper, line 1",
    "select '2020-01-31'::date * 2": "what Redshift makes of date and integer",
    "select string_agg(name, ',') from orders": "the function string_agg, line 1",
    "select group_concat(name) from orders": "the function group_concat, line 1",
    "select 1 union select name from orders": "column 1 in UNION query has incompatible types: integer, varchar",
    "select distinct on (id) id from orders": "ON of DISTINCT",
    "select count(distinct id, name) from orders": "DISTINCT",
    "copy orders from 's3://a/b' iam_role 'x' csv": "COPY",
    "select median(id) from orders": "the function median, line 1",
    "select avg(total) from orders": "avg of decimals",
    "select total / 2 from orders": "cast one side to double precision",
    "create table i (id int identity(1, 1))": "IDENTITY",
    "merge into orders using orders as o on true when matched then delete": "MERGE",
    "begin": "BEGIN",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_statement__that_is_not_executed_faithfully__is_refused(redshift: Redshift, sql: str) -> None:
    with pytest.raises(UntranslatableQueryError, match=REFUSED[sql]):
        redshift.run(sql)


def test_batch__is_one_transaction(redshift: Redshift) -> None:
    def batch(*statements: str) -> Any:
        identifier = redshift.client.batch_execute_statement(Sqls=list(statements), **WHERE)["Id"]
        return redshift.client.describe_statement(Id=identifier)

    good = batch("create table batched (a int)", "insert into batched values (1)", "select a from batched")
    assert [part["Status"] for part in good["SubStatements"]] == ["FINISHED"] * 3
    assert redshift.client.get_statement_result(Id=f"{good['Id']}:3")["Records"] == [[{"longValue": 1}]]
    bad = batch("insert into batched values (2)", "select * from nope", "select 1")
    assert (bad["Status"], bad["Error"]) == ("FAILED", 'ERROR: relation "nope" does not exist')
    assert [part["Status"] for part in bad["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert redshift.rows("select a from batched") == [[1]]
