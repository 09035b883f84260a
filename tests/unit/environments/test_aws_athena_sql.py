"""Athena's SQL, executed: what each expression gives there, how statements fail, and what changes the catalogue."""
# ruff: noqa: E501 - a table is read by its rows

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeproof.environments.aws import AwsStub, UntranslatableQueryError, open_aws
from pipeproof.environments.aws.queries.athena_text import java_number
from pipeproof.stepfunctions.machine import StateMachine

pytest.importorskip("duckdb")


class Athena:
    """A lake with a bucket for data and one for results, and a database `shop`."""

    def __init__(self, aws: AwsStub) -> None:
        self.aws = aws
        self.client, self.s3 = aws.client("athena"), aws.client("s3")
        for bucket in ("lake", "results"):
            self.s3.create_bucket(Bucket=bucket)
        aws.client("glue").create_database(DatabaseInput={"Name": "shop"})

    def start(self, sql: str, **options: Any) -> str:
        given = {
            "QueryExecutionContext": {"Database": "shop"},
            "ResultConfiguration": {"OutputLocation": "s3://results/"},
        }
        return str(self.client.start_query_execution(QueryString=sql, **{**given, **options})["QueryExecutionId"])

    def describe(self, identifier: str) -> Any:
        return self.client.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]

    def rows(self, sql: str, **options: Any) -> list[list[str | None]]:
        """The rows of a query, without the header."""
        identifier = self.start(sql, **options)
        status = self.describe(identifier)["Status"]
        assert status["State"] == "SUCCEEDED", status["StateChangeReason"]
        found = self.client.get_query_results(QueryExecutionId=identifier)["ResultSet"]["Rows"]
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in found]
        return rows[1:] if self.describe(identifier)["StatementType"] == "DML" else rows

    def failure(self, sql: str, **options: Any) -> str:
        status = self.describe(self.start(sql, **options))["Status"]
        assert status["State"] == "FAILED"
        return str(status["StateChangeReason"])

    def put(self, key: str, text: str | bytes) -> None:
        self.s3.put_object(Bucket="lake", Key=key, Body=text)


@pytest.fixture(scope="module")
def athena() -> Iterator[Athena]:
    with open_aws() as stub:
        made = Athena(stub)
        made.start(
            "create external table typed (a int, b string, x decimal(10,2), r struct<p:int,q:string>, l array<int>, "
            "m map<string,int>, ts timestamp, dt date, z double) "
            "row format serde 'org.openx.data.jsonserde.JsonSerDe' location 's3://lake/typed/'"
        )
        made.put(
            "typed/1.json",
            '{"A":7,"b":"ann","x":1.50,"r":{"P":1,"q":"u"},"l":[1,2],"m":{"k":1},"ts":"2020-01-31 10:00:00","dt":"2020-01-31","z":2.5}\n{"a":2,"x":"0.10"}\n',
        )
        yield made


EXPRESSIONS: list[tuple[str, str | None]] = [
    # integers are divided to integers, decimals to the larger scale, rounded; by zero fails, of doubles it is infinite
    ("7/2", "3"), ("-7/2", "-3"), ("7%3", "1"), ("7/2.0", "3.5"), ("10/3.0", "3.3"), ("2/3.0", "0.7"), ("-1/3.00", "-0.33"), ("7/2e0", "3.5"), ("1e0/0", "Infinity"),
    ("try(1/0)", None), ("try(7/2)", "3"), ("try(cast('x' as integer))", None),
    # casts round, and take no more than Trino's
    ("cast(2.5 as integer)", "3"), ("cast(2.5e0 as integer)", "3"), ("cast(-2.5e0 as integer)", "-3"), ("cast('12' as bigint)", "12"), ("try_cast('1.5' as integer)", None), ("try_cast(' 1' as integer)", None),
    ("cast(1.25 as decimal(10,1))", "1.3"), ("cast(timestamp '2020-01-01 00:00:00' as varchar)", "2020-01-01 00:00:00.000"), ("cast('abcdef' as varchar(3))", "abc"), ("cast('t' as boolean)", "true"), ("cast(null as integer)", None),
    # NULL
    ("'a' || null", None), ("concat('a', null)", None), ("concat('a', 'b')", "ab"), ("greatest(1, null)", None), ("least(2, 1)", "1"), ("coalesce(null, 1)", "1"), ("nullif(1, 1)", None), ("null = null", None), ("1 in (2, null)", None), ("if(false, 1)", None),
    # text
    ("regexp_extract('abc', 'x')", None), ("regexp_extract('abc', 'b(c)', 1)", "c"), ("regexp_replace('a1b', '([a-z])', '<$1>')", "<a>1<b>"), ("regexp_like('abc', 'b')", "true"), ("regexp_replace('a', '(a)', '\\$1$1\\\\')", "$1a\\"),
    ("substr('abc', 0, 2)", ""), ("substr('abc', -2)", "bc"), ("substr('abc', -5, 3)", ""), ("substr('abc', 2, 1)", "b"), ("split_part('a,b', ',', 3)", None), ("split_part('a,b', ',', 2)", "b"),
    ("trim(' a ')", "a"), ("lpad('a', 3, 'x')", "xxa"), ("strpos('abc', 'd')", "0"), ("upper('ab')", "AB"), ("split('a,b', ',')", "[a, b]"),
    # moments
    ("date_diff('month', date '2020-01-31', date '2020-02-01')", "0"), ("date_diff('day', date '2020-01-01', date '2020-02-01')", "31"), ("date_add('month', 1, date '2020-01-31')", "2020-02-29"), ("date '2020-01-31' + interval '1' day", "2020-02-01"),
    ("date_trunc('month', date '2020-01-31')", "2020-01-01"), ("date_trunc('hour', timestamp '2020-01-31 10:30:00')", "2020-01-31 10:00:00.000"), ("day_of_week(date '2020-01-05')", "7"), ("year(date '2020-01-05')", "2020"),
    ("date_format(timestamp '2020-01-31 10:30:00', '%Y-%m-%d %H:%i')", "2020-01-31 10:30"), ("date_parse('2020-01-31', '%Y-%m-%d')", "2020-01-31 00:00:00.000"), ("from_unixtime(0)", "1970-01-01 00:00:00.000 UTC"),
    # numbers
    ("round(2.567, 1)", "2.600"), ("round(2.5)", "3"), ("round(-2.5e0)", "-3.0"), ("floor(-2.5)", "-3"), ("power(2, 3)", "8.0"), ("1e7", "1.0E7"), ("0.001e0", "0.001"), ("1e-4", "1.0E-4"), ("123456.5e0", "123456.5"), ("cast(1.1 as real)", "1.1"), ("1.10", "1.10"),
    # arrays, maps, JSON
    ("array[1, null]", "[1, null]"), ("concat(array[1], array[2], array[3])", "[1, 2, 3]"), ("array[1] || array[2]", "[1, 2]"), ("cardinality(array['a'] || array['b'])", "2"), ("map(array['k'], array[1])", "{k=1}"), ("element_at(array[1], 5)", None), ("cardinality(array[1, 2])", "2"), ("contains(array[1], 1)", "true"), ("array_join(array[1, null, 2], ',')", "1,2"), ("transform(array[1, 2], v -> v + 1)", "[2, 3]"),
    ("json_extract_scalar('{\"a\":{\"b\":[1,\"x\"]}}', '$.a.b[1]')", "x"), ("json_extract_scalar('{\"a\":{}}', '$.a')", None), ("json_extract_scalar('no json', '$.a')", None),
    ("json_extract_scalar('{\"a\": 1.10, \"b\": 1.1}', '$.a')", "1.10"), ("json_extract_scalar('[1.0,2.50, 1E5]', '$[1]')", "2.50"), ("json_extract_scalar('[1.0, 1E5]', '$[1]')", "1E5"), ("json_extract_scalar('1.50', '$')", "1.50"), ("json_extract_scalar('[\"1.50\", 7]', '$[1]')", "7"),
    ("cast(json_extract_scalar('{\"p\":1.10}', '$.p') as decimal(10,2)) + 1", "2.10"), ("json_extract_scalar('{\"p\":\"1.10\"}', '$.p')", "1.10"), ("json_extract_scalar('{\"p\":true}', '$.p')", "true"),
]  # fmt: skip


def test_expressions__give_what_athena_gives(athena: Athena) -> None:
    query = f"select {', '.join(text for text, _ in EXPRESSIONS)}"
    assert dict(zip((text for text, _ in EXPRESSIONS), athena.rows(query)[0], strict=True)) == dict(EXPRESSIONS)


QUERIES: list[tuple[str, list[list[str | None]]]] = [
    ("select a, b, x, r, l, m, ts, dt, z from typed order by a desc", [
        ["7", "ann", "1.50", "{p=1, q=u}", "[1, 2]", "{k=1}", "2020-01-31 10:00:00.000", "2020-01-31", "2.5"],
        ["2", None, "0.10", *[None] * 6],
    ]),
    ("select t.r.p, l[1], m['k'] from typed t where a / 2 > 1", [["1", "1", "1"]]),
    ("select count(*), sum(a), avg(a), avg(x), sum(x) / count(*), count_if(a > 2), max_by(b, a), array_agg(a order by a) from typed", [["2", "9", "4.5", "0.80", "0.80", "1", "ann", "[2, 7]"]]),
    ("select a from typed order by a offset 1 limit 1", [["7"]]), ("select l[1], (array[3])[1], m['k'] from typed where a = 7", [["1", "3", "1"]]),
    ('select distinct a, "b" from typed order by b, "a"', [["7", "ann"], ["2", None]]), ('select "b", count(*) from typed s where a = 7 group by s.b', [["ann", "1"]]),
    ("select a, count(*) filter (where a > 2) over () from typed order by 1", [["2", "1"], ["7", "1"]]), ("select t.a, (select max(s.a) from typed s where s.a > t.a) from typed t order by 1", [["2", "7"], ["7", None]]),
    ("select b, sum(a) from typed group by b having sum(a) > 2 and upper(b) = 'ANN'", [["ann", "7"]]),
    ("select b from typed order by b", [["ann"], [None]]),
    ("select b from typed order by b desc", [["ann"], [None]]),
    ("select t.a, u.v from typed t cross join unnest(l) as u(v) order by 2", [["7", "1"], ["7", "2"]]),
    ("with c as (select a, row_number() over (order by a) n from typed) select n, a from c where n = 1", [["1", "2"]]),
    ("select 1 union all select 2 order by 1", [["1"], ["2"]]),
    ("select a from typed where b like 'a%' and exists (select 1) and a not in (1)", [["7"]]),
    ("select awsdatacatalog.shop.typed.a from awsdatacatalog.shop.typed where dt = date '2020-01-31'", [["7"]]),
    ("select n, sum(v) from (values ('x', 1), ('x', 2)) as t(n, v) group by 1 having count(*) > 1", [["x", "3"]]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows"), QUERIES, ids=lambda part: part if isinstance(part, str) else "")
def test_query__gives_athenas_rows(athena: Athena, sql: str, rows: list[list[str | None]]) -> None:
    assert athena.rows(sql) == rows


def test_query__result_has_athenas_names_types_file_and_pages(athena: Athena) -> None:
    identifier = athena.start("select A as Foo, x, count(*), 'say \"x\"' as said from typed where a = 7 group by a, x")
    answer = athena.client.get_query_results(QueryExecutionId=identifier)
    info = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    assert [(one["Name"], one["Type"], one["Precision"], one["Scale"]) for one in info] == [
        ("Foo", "integer", 10, 0), ("x", "decimal", 10, 2), ("_col2", "bigint", 19, 0), ("said", "varchar", 2147483647, 0),
    ]  # fmt: skip
    assert answer["UpdateCount"] == 0
    stored = athena.s3.get_object(Bucket="results", Key=f"{identifier}.csv")["Body"].read().decode()
    assert stored == '"Foo","x","_col2","said"\n"7","1.50","1","say ""x"""\n'
    execution = athena.describe(identifier)
    assert execution["Statistics"]["DataScannedInBytes"] > 100
    many = athena.start("select t.a from typed t cross join unnest(array[1, 2, 3, 4]) as u(v)")
    pages = athena.client.get_paginator("get_query_results").paginate(
        QueryExecutionId=many, PaginationConfig={"PageSize": 5}
    )
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [5, 4]


def test_header__has_each_name_as_it_is_spelled(athena: Athena) -> None:
    identifier = athena.start("select 1 as a, 2 as A, count(*) over (partition by b) as N from typed")
    found = athena.client.get_query_results(QueryExecutionId=identifier)["ResultSet"]
    assert [cell["VarCharValue"] for cell in found["Rows"][0]["Data"]] == ["a", "A", "N"]
    assert athena.rows(
        "select a, count(*) over (partition by b), first_value(a) over (order by a) from typed order by 1"
    ) == [["2", "1", "2"], ["7", "1", "2"]]


FAILURES = {
    "select * from nope": "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop.nope' does not exist",
    "select *\nfrom nodb.t": "SCHEMA_NOT_FOUND: line 2:6: Schema 'nodb' does not exist",
    "select foo from typed": "COLUMN_NOT_FOUND: line 1:8: Column 'foo' cannot be resolved or requester is not authorized to access requested resources",
    "select a foo from typed where foo = 1": "COLUMN_NOT_FOUND: line 1:31: Column 'foo' cannot be resolved",
    "select a foo, count(*) from typed group by foo": "COLUMN_NOT_FOUND: line 1:44: Column 'foo' cannot be resolved",
    "select b, count(*) from typed group by a": "EXPRESSION_NOT_AGGREGATE: line 1:8: 'b' must be an aggregate expression or appear in GROUP BY clause",
    "select count(*), b from typed": "EXPRESSION_NOT_AGGREGATE: line 1:18: 'b' must be",
    "select sum(a) s from typed having s > 1": "COLUMN_NOT_FOUND: line 1:35: Column 's' cannot be resolved",
    "select b from typed group by b having b = 1": "TYPE_MISMATCH: line 1:41: Cannot apply operator: varchar = integer",
    "select cast(300 as tinyint)": "NUMERIC_VALUE_OUT_OF_RANGE",
    "select cast(a * 100000 as smallint) from typed": "NUMERIC_VALUE_OUT_OF_RANGE",
    "select cast(123.4 as decimal(3,1))": "INVALID_CAST_ARGUMENT",
    "select date 'x'": "INVALID_LITERAL: line 1:8: 'x' is not a valid date literal",
    "select timestamp '2020'": "INVALID_LITERAL: line 1:8: '2020' is not a valid timestamp literal",
    "select cast('x' as date)": "INVALID_CAST_ARGUMENT: Cannot cast 'x' to DATE",
    "select a from typed where b = 1": "TYPE_MISMATCH: line 1:29: Cannot apply operator: varchar = integer",
    "select a from typed where dt >= '2020-01-01'": "TYPE_MISMATCH: line 1:30: Cannot apply operator: date >= varchar",
    "select a || 'x' from typed": "TYPE_MISMATCH: line 1:10: Cannot apply operator: integer || varchar",
    "select coalesce(a, 'x') from typed": "TYPE_MISMATCH",
    "select lower(a) from typed": "FUNCTION_NOT_FOUND: line 1:8: Unexpected parameters (integer) for function lower",
    "select 1 union select 'a'": "TYPE_MISMATCH: line 1:23: column 1 in UNION query has incompatible types: integer, varchar",
    "select a from typed except select b from typed": "TYPE_MISMATCH: line 1:35: column 1 in EXCEPT query has incompatible types: integer, varchar",
    "select 1 intersect select 1, 2": "TYPE_MISMATCH: line 1:27: INTERSECT query has different number of fields: 1, 2",
    "select 1 from typed where a": "TYPE_MISMATCH: line 1:27: WHERE clause must evaluate to a boolean: actual type integer",
    "select count(*) from typed having count(*)": "TYPE_MISMATCH: line 1:35: HAVING clause must evaluate to a boolean: actual type bigint",
    "select 1 from typed s join typed t on s.a": "TYPE_MISMATCH: line 1:41: JOIN ON clause must evaluate to a boolean: actual type integer",
    "select not a from typed": "TYPE_MISMATCH: line 1:12: Value of logical NOT expression must evaluate to a boolean (actual: integer)",
    "select 1 from typed where a = 1 or b": "TYPE_MISMATCH: line 1:36: Logical expression term must evaluate to a boolean (actual: varchar)",
    "select case when a then 1 end from typed": "TYPE_MISMATCH: line 1:18: CASE WHEN clause must evaluate to a boolean (actual: integer)",
    "select if(a, 1) from typed": "TYPE_MISMATCH: line 1:11: IF condition must evaluate to a boolean (actual: integer)",
    "select * from (values (1), ('a')) as x(y)": "TYPE_MISMATCH: line 1:29: Values rows have mismatched types: integer vs varchar",
    "select array[1, 'a']": "TYPE_MISMATCH: line 1:17: All ARRAY elements must be the same type",
    "select distinct b from typed order by a": "EXPRESSION_NOT_IN_DISTINCT: line 1:39: For SELECT DISTINCT, ORDER BY expressions must appear in select list",
    "select 1 / (a - a) from typed": "DIVISION_BY_ZERO: Division by zero",
    "select cast(b as integer) from typed": "INVALID_CAST_ARGUMENT: Cannot cast 'ann' to INT",
    "select l[5] from typed where a = 7": "INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length",
    "select m['z'] from typed where a = 7": "INVALID_FUNCTION_ARGUMENT: Key not present in map",
    "select 2147483647 + 1": "NUMERIC_VALUE_OUT_OF_RANGE",
    "select (select a from typed)": "SUBQUERY_MULTIPLE_ROWS",
    "select ? from typed": "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 1 but found 0",
}


@pytest.mark.parametrize("sql", FAILURES)
def test_query__fails_as_athena_says_it(athena: Athena, sql: str) -> None:
    assert athena.failure(sql).startswith(FAILURES[sql])


@pytest.mark.parametrize(
    "sql",
    [
        "selec a from typed",
        "select a::varchar from typed",
        "select `a` from typed",
        "select 1; select 2",
        "select a from typed limit",
        "select a from typed limit 1 offset 1",
        "from typed select a",
        "select [1, 2]",
        "select !true",
        "select 'a' 'b'",
        "select b rlike 'a' from typed",
    ],
)
def test_statement__that_is_no_athena_sql__is_refused_when_it_is_sent(athena: Athena, sql: str) -> None:
    with pytest.raises(ClientError, match="InvalidRequestException"):
        athena.start(sql)


def test_query__whose_output_bucket_is_missing__is_refused_when_it_is_sent(athena: Athena) -> None:
    with pytest.raises(ClientError, match="Unable to verify/create output bucket nowhere"):
        athena.start("select 1", ResultConfiguration={"OutputLocation": "s3://nowhere/x"})


def test_create_table_as__with_no_data__is_an_empty_table(athena: Athena) -> None:
    athena.rows(
        "create table hollow with (format = 'PARQUET', external_location = 's3://lake/hollow/') as select a, b from typed with no data"
    )
    assert athena.rows("select a, b from hollow") == []
    athena.rows("create table filled with (external_location = 's3://lake/filled/') as select a from typed with data")
    assert athena.rows("select count(*) from filled") == [["2"]]
    for table in ("hollow", "filled"):
        athena.rows(f"drop table {table}")


ABSENT = (
    "nvl(a, 1)",
    "ifnull(a, 1)",
    "instr(b, 'a')",
    "len(b)",
    "string_agg(b, ',')",
    "group_concat(b)",
    "iff(a = 1, 1, 2)",
    "startswith(b, 'a')",
)


@pytest.mark.parametrize("call", ABSENT)
def test_function__of_other_dialects__is_none_of_athenas(athena: Athena, call: str) -> None:
    name = call.partition("(")[0]
    said = f"FUNCTION_NOT_FOUND: line 2:2: Function '{name}' not registered"
    assert athena.failure(f"select\n {call} from typed") == said


REFUSED = {
    "select interval '1' day": "interval among the results",
    "select array[interval '1' month]": "interval among the results",
    "select timestamp '2020-01-01 00:00:00.123456'": "more than three digits",
    "select cast(b as timestamp) from (values '2020-01-01 00:00:00.123456') as x(b)": "more than three digits",
    "select regexp_replace(b, 'a', '${x}') from typed": "the replacement",
    'select "$path" from typed': r"\$path, line 1",
    'select * from "typed$partitions"': r"typed\$partitions, line 1",
    "select table_name from information_schema.tables": "information_schema, line 1",
    'select json_extract_scalar(\'{"a": 1.10, "b": "x: 1"}\', \'$.a\')': "json_extract_scalar of a number among texts",
    "select count(distinct a, b) from typed": "DISTINCT",
    "select * exclude (a) from typed": "EXCLUDE|EXCEPT",
    "select a, count(*) from typed group by all": "ALL of GROUP",
    "select approx_percentile(a, 0.5) from typed": r"approx_percentile, line 1 of the statement",
    "select a,\n  bogus(a) from typed": r"the function bogus, line 2 of the statement",
    "select regexp_like(b, '(?=a)') from typed": "RE2",
    "select cast(z as varchar) from typed": "a cast of double to varchar",
    "select a from typed tablesample bernoulli (10)": "SAMPLE",
    "select date_format(ts, '%U') from typed": "the format",
    "select regexp_extract(b, '(a)?', 1) from typed": "not told from an empty one",
    "create view v as select 1 as a": "CREATE",
    "select * from other.shop.t": "the catalogue other",
    "merge into typed using typed as u on true when matched then delete": "MERGE",
    "create table i (a int) location 's3://lake/i/' tblproperties ('table_type'='ICEBERG')": "Iceberg",
    "create external table o (a int) stored as orc location 's3://lake/o/'": "STORED AS ORC",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_statement__that_is_not_executed_faithfully__is_refused_by_part_and_line(athena: Athena, sql: str) -> None:
    with pytest.raises(UntranslatableQueryError, match=REFUSED[sql]):
        athena.start(sql)


def test_parameters__take_the_marks_places(athena: Athena) -> None:
    sql = "select a from typed where b = ? and a > ?"
    assert athena.rows(sql, ExecutionParameters=["'ann'", "1"]) == [["7"]]


def test_formats__are_read_by_their_serdes(athena: Athena) -> None:
    delimited = "row format delimited fields terminated by ',' escaped by '\\\\'"
    athena.start(
        f"create external table lazy (id int, s string, t double) {delimited} location 's3://lake/lazy/' tblproperties ('skip.header.line.count'='1')"
    )
    athena.put("lazy/a.csv.gz", gzip.compress(b"id,s,t\n1,a\\,b,x\n\\N,,1.5\n"))
    athena.put("lazy/_hidden", "9,9,9\n")
    assert athena.rows("select * from lazy order by id") == [["1", "a,b", None], [None, "", "1.5"]]
    athena.start(
        "create external table csvs (id int, s string, d date) row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' location 's3://lake/csvs/'"
    )
    athena.put("csvs/a.csv", '"1","a, ""b""","18262"\n')
    assert athena.rows("select * from csvs") == [["1", 'a, "b"', "2020-01-01"]]
    athena.put("csvs/b.csv", '"","x","0"\n')
    assert athena.failure("select * from csvs").startswith("HIVE_BAD_DATA: Error parsing field value '' for field 0")
    athena.put("typed_bad/1.json", "{\n")
    athena.start(
        "create external table bad (a int) row format serde 'org.openx.data.jsonserde.JsonSerDe' location 's3://lake/typed_bad/'"
    )
    assert athena.failure("select * from bad").startswith("HIVE_CURSOR_ERROR: Row is not a valid JSON Object")
    athena.start("create table wide with (external_location='s3://lake/wide/') as select 'x' as a, 1 as b")
    athena.start(
        "create external table narrow (b bigint, c string, a int) stored as parquet location 's3://lake/wide/'"
    )
    assert athena.rows("select a, b from wide") == [["x", "1"]]
    assert athena.failure("select b, c, a from narrow").startswith(
        "HIVE_BAD_DATA: Field a's type VARCHAR in parquet file"
    )


def test_partitions__count_once_they_are_registered(athena: Athena) -> None:
    athena.start(
        "create external table days (v int) partitioned by (dt string, n int) row format delimited fields terminated by ',' location 's3://lake/days/'"
    )
    athena.put("days/dt=a/n=1/f", "1\n")
    athena.put("elsewhere/f", "2\n")
    assert athena.rows("select * from days") == []
    athena.rows("msck repair table days")
    athena.rows("alter table days add if not exists partition (dt='b', n=2) location 's3://lake/elsewhere/'")
    assert athena.rows("select v, dt, n from days order by 1") == [["1", "a", "1"], ["2", "b", "2"]]
    assert athena.rows("show partitions days") == [["dt=a/n=1"], ["dt=b/n=2"]]
    assert "Partition already exists" in athena.failure("alter table days add partition (dt='b', n=2)")
    athena.rows("alter table days drop partition (dt='a', n=1)")
    assert athena.rows("select v from days") == [["2"]]
    projected = {
        "enabled": "true",
        "dt.type": "date",
        "dt.range": "2026-01-01,NOW",
        "dt.format": "yyyy-MM-dd",
        "n.type": "integer",
        "n.range": "1,5",
    }
    properties = ", ".join(f"'projection.{name}'='{value}'" for name, value in projected.items())
    athena.start(
        f"create external table projected (v int) partitioned by (dt string, n int) row format delimited fields terminated by ',' location 's3://lake/p/' tblproperties ({properties}, 'storage.location.template'='s3://lake/p/${{dt}}/${{n}}/')"
    )
    for place in ("2026-01-05/1", "2025-01-05/1", "2026-01-05/9"):
        athena.put(f"p/{place}/f", "7\n")
    assert athena.rows("select * from projected") == [["7", "2026-01-05", "1"]]


def test_statements__that_write__change_the_catalogue_and_s3(athena: Athena) -> None:
    made = athena.start(
        "create table sums with (format='PARQUET', external_location='s3://lake/sums/', partitioned_by=array['b']) as select a, coalesce(b, 'none') as b from typed"
    )
    described = athena.describe(made)
    assert (described["StatementType"], described["Status"]["State"]) == ("DDL", "SUCCEEDED")
    manifest = described["Statistics"]["DataManifestLocation"].removeprefix("s3://results/")
    uris = athena.s3.get_object(Bucket="results", Key=manifest)["Body"].read().decode().split()
    assert sorted(uri.rpartition("/")[0] for uri in uris) == ["s3://lake/sums/b=ann", "s3://lake/sums/b=none"]
    inserted = athena.start("insert into sums values (10, 'new')")
    assert athena.client.get_query_results(QueryExecutionId=inserted)["UpdateCount"] == 1
    assert athena.rows("select a, b from sums order by a") == [["2", "none"], ["7", "ann"], ["10", "new"]]
    assert athena.failure("insert into sums select 'x', 'y'").startswith(
        "TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: Table: [integer, varchar]"
    )
    assert athena.failure("create table sums as select 1 as a").startswith("TABLE_ALREADY_EXISTS: line 1:14")
    assert athena.failure("create table again with (external_location='s3://lake/sums/') as select 1 as a").startswith(
        "HIVE_PATH_ALREADY_EXISTS"
    )
    athena.start("unload (select a from sums where b = 'new') to 's3://lake/out/' with (format='JSON')")
    key = athena.s3.list_objects_v2(Bucket="lake", Prefix="out/")["Contents"][0]["Key"]
    assert gzip.decompress(athena.s3.get_object(Bucket="lake", Key=key)["Body"].read()) == b'{"a": 10}\n'
    athena.start("drop table sums")
    assert athena.failure("select 1 from sums").startswith("TABLE_NOT_FOUND")
    assert "Table not found" in athena.failure("drop table sums")
    athena.start("create database if not exists shop")
    assert "already exists" in athena.failure("create database shop")
    assert ["shop"] in athena.rows("show databases")
    assert ["typed"] in athena.rows("show tables")


def test_state_machine__runs_sql_with_sync(athena: Athena) -> None:
    call: dict[str, Any] = {"Type": "Task", "Resource": "arn:aws:states:::athena:startQueryExecution.sync", "End": True}
    call["Parameters"] = {
        "QueryString.$": "$.sql", "WorkGroup": "primary", "QueryExecutionContext": {"Database": "shop"},
        "ResultConfiguration": {"OutputLocation": "s3://results/machine/"},
    }  # fmt: skip
    machine = StateMachine({"StartAt": "Ask", "States": {"Ask": call}})
    execution = machine.run({"sql": "select a from typed"}).output["QueryExecution"]
    key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://results/")
    assert athena.s3.get_object(Bucket="results", Key=key)["Body"].read() == b'"a"\n"7"\n"2"\n'
    failed = machine.run({"sql": "select a from nope"}, check=False)
    assert failed.error == "States.TaskFailed"
    assert "TABLE_NOT_FOUND" in str(failed.cause)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0.0"), (-0.0, "-0.0"), (1e7, "1.0E7"), (9999999.0, "9999999.0"), (1.5e-3, "0.0015"), (1.25e-4, "1.25E-4"), (float("nan"), "NaN"), (float("-inf"), "-Infinity"), (-1e21, "-1.0E21")],
)  # fmt: skip
def test_double__is_written_as_java_writes_it(number: float, text: str) -> None:
    assert java_number(number) == text
