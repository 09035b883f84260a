"""A warehouse's SQL on DuckDB: what each construct gives, as the vendors document it, or that it is refused."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pytest

from pipeproof.sql.dialects import MissingTableError, Name, is_one_type, write_for_duckdb, write_type
from pipeproof.sql.errors import UntranslatableQueryError

D, T, N = datetime.date, datetime.datetime, Decimal
SOURCE = """{"a": {"b": "x", "n": 3, "f": 1.5, "t": "7"}, "q": null, "l": [1, 2]}"""


@cache
def database() -> Any:
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(
        "CREATE TABLE t AS SELECT 7 AS a, 2 AS b, 'hello' AS s, DATE '2026-01-31' AS d, "
        "TIMESTAMP '2026-01-31 10:20:30' AS ts, CAST(1.5 AS DECIMAL(10, 2)) AS n, CAST(NULL AS VARCHAR) AS z, "
        f"CAST('{SOURCE}' AS JSON) AS src, CAST(2.5 AS DOUBLE) AS f, TRUE AS ok, "
        "TIMESTAMPTZ '2026-01-31 23:50:00+00' AS tz"
    )
    connection.execute("CREATE TABLE r AS SELECT * FROM (VALUES (1, 'a'), (2, NULL), (3, 'b')) AS v(id, s)")
    return connection


def find_columns(name: Name) -> Mapping[str, str] | None:
    if name.table.lower() not in {"t", "r"}:
        return None
    return {row[0]: row[1] for row in database().execute(f"DESCRIBE {name.table}").fetchall()}


def rows(sql: str, dialect: str) -> list[Any]:
    return [row[0] if len(row) == 1 else row for row in run(sql, dialect)]


def run(sql: str, dialect: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = database().execute(write_for_duckdb(sql, dialect, find_columns)).fetchall()
    return found


SNOWFLAKE: Mapping[str, Any] = {
    "a / b": N("3.500000"), "1 / 3": N("0.333333"), "2 / 3": N("0.666667"), "-2 / 3": N("-0.666667"),
    "n / b": N("0.75000000"), "round(n, 1) / 3": N("0.5000000"),
    "coalesce(0, n) / 3": N("0E-8"), "f / b": 1.25, "a % 4": 3, "div0(a, 0)": 0, "avg(a)": N("7.000000"), "sum(a)": 7,
    "round(2.5)": 3, "round(n, 1)": N("1.5"), "floor(n)": 1, "f::int": 3, "n::int": 2, "'7.5'::number": 8,
    "'7.5'::number(10, 2)": N("7.50"), "n::number(38, 0)": 2, "to_number('98.76546')": 99,
    "try_cast('x' as int)": None, "try_to_number('7.5')": 8,
    "a::varchar": "7", "ts::varchar": "2026-01-31 10:20:30.000",
    "'yes'::boolean": True, "ts::date": D(2026, 1, 31), "'2026-01-01'::date": D(2026, 1, 1), "a::boolean": True,
    "s || z": None, "concat(s, z)": None, "concat(s, 'x')": "hellox", "s || a": "hello7",
    "substr(s, 0, 2)": "he", "substr(s, 2)": "ello", "left(s, 2)": "he", "split_part(s, 'l', 1)": "he",
    "split_part(s, 'x', 2)": "", "trim(' x ')": "x", "contains(s, 'ell')": True, "replace(s, 'l', 'L')": "heLLo",
    "rlike(s, 'hel')": False, "rlike(s, 'hel.*')": True, "regexp_substr(s, 'l+')": "ll", "regexp_substr(s, 'z')": None,
    "regexp_replace(s, 'l', 'L')": "heLLo", "md5(s)": "5d41402abc4b2a76b9719d911017c592", "charindex('l', s)": 3,
    "dateadd(day, 1, d)": D(2026, 2, 1), "dateadd('month', 1, d)": D(2026, 2, 28),
    "dateadd(hour, 1, ts)": T(2026, 1, 31, 11, 20, 30), "datediff(day, d, ts)": 0,
    "datediff(month, d, dateadd(day, 1, d))": 1, "datediff(week, d, dateadd(day, 1, d))": 0,
    "datediff(week, d, dateadd(day, 2, d))": 1, "dayofweek(d)": 6, "dayofweekiso(d)": 6, "d + 1": D(2026, 2, 1),
    "date_trunc('week', ts)": T(2026, 1, 26), "date_trunc('month', d)": D(2026, 1, 1), "last_day(d)": D(2026, 1, 31),
    "to_char(d, 'YYYY-MM')": "2026-01", "to_char(ts, 'YYYY-MM-DD\"T\"HH24:MI:SS')": "2026-01-31T10:20:30",
    "to_char(d, 'MMDD')": "0131", "cast(d as datetime)": T(2026, 1, 31),
    "year(ts)": 2026, "extract(quarter from d)": 1, "d > '2026-01-01'": True, "ts = '2026-01-31 10:20:30'": True,
    "d in ('2026-01-31')": True, "ts < '2026-02-01'": True,
    "iff(a - 7, 'x', 'y')": "y", "iff(a > 1, 'x', 'y')": "x",
    "iff(a > 9, a, null)": None, "nvl2(z, 1, 2)": 2, "zeroifnull(a)": 7,
    "decode(z, null, 'x', 'y')": "x", "equal_null(z, z)": True, "coalesce(z, 'q')": "q", "greatest(a, b)": 7,
    "greatest(a, nullif(b, 2))": None, "src:a.b::string": "x", "src:a.n::int": 3, "src:a.f::float": 1.5,
    "src:a.t::number": 7, "src:q::string": None, "src:nothing::string": None, "src:A.b::string": None,
    "src:l[0]::int": 1, "listagg(s, ',')": "hello", "listagg(z, ',')": "", "count_if(ok)": 1,
    "last_value(a) over (order by b)": 7, "row_number() over (order by a)": 1, "boolor_agg(ok)": True,
    "a * 1000000000": 7000000000, "2000000000 + 2000000000": 4000000000, "round(n, -2) / 3": N("0.000000"),
    "cast(null as date)": None, "last_day(d, 'month')": D(2026, 1, 31), "$$a\\d$$": "a\\d", "'a\\d'": "ad",
    "coalesce(last_value(s ignore nulls) over (order by a), 'x')": "hello",
    "lpad(s, 7, '*')": "**hello", "rpad(s, 3)": "hel", "lpad(a::varchar, 3, '0')": "007", "d - '2026-01-01'::date": 30,
    "iff(d - '2026-01-01'::date > 29, 'y', 'n')": "y", "to_timestamp_ntz(d)": T(2026, 1, 31),
    "to_timestamp('2026-01-31 10:00:00')": T(2026, 1, 31, 10), "try_to_timestamp(s)": None,
    "year(to_timestamp_ntz(ts))": 2026, "to_date('01/31/2026', 'MM/DD/YYYY')": D(2026, 1, 31),
    "to_date('2026-01-31', 'YYYY-MM-DD')": D(2026, 1, 31), "to_date(z, 'YYYYMMDD')": None,
    "s ilike 'H%'": True, "parse_json('{\"k\": 1}'):k::int": 1,
}  # fmt: skip

BIGQUERY: Mapping[str, Any] = {
    "a / b": 3.5, "1 / 4": 0.25, "safe_divide(a, 0)": None, "div(a, b)": 3, "mod(a, 4)": 3, "avg(a)": 7.0, "sum(a)": 7,
    "round(a)": 7.0, "1.5": 1.5, "cast(f as int64)": 3, "cast('7' as int64)": 7, "safe_cast('x' as int64)": None,
    "cast(1.5 as numeric)": N("1.500000000"), "cast(d as string)": "2026-01-31", "cast(ok as string)": "true",
    "cast(tz as date)": D(2026, 1, 31), "date(ts)": D(2026, 1, 31), "safe_cast('1.6' as int64)": None,
    "s || z": None, "concat(s, 'x')": "hellox", "substr(s, 0, 2)": "he", "trim('\\u00a0x ')": "x",
    "regexp_extract(s, 'l(l)')": "l", "regexp_extract(s, 'z')": None, "regexp_contains(s, 'l')": True,
    "string_agg(s)": "hello", "string_agg(z)": None, "countif(ok)": 1,
    "to_hex(md5(s))": "5d41402abc4b2a76b9719d911017c592",
    "date_add(d, interval 1 day)": D(2026, 2, 1), "date_add(d, interval 1 month)": D(2026, 2, 28),
    "date_sub(d, interval 1 day)": D(2026, 1, 30), "date_diff(date '2026-02-01', d, month)": 1,
    "timestamp_diff(timestamp '2026-02-01 00:10:00', tz, hour)": 0,
    "datetime_diff(datetime '2026-01-31 11:00:00', ts, hour)": 1, "extract(dayofweek from d)": 7,
    "date_trunc(d, month)": D(2026, 1, 1), "format_date('%Y-%m', d)": "2026-01", "if(a > 1, 'x', 'y')": "x",
    "json_extract_scalar(src, '$.a.b')": "x", "json_value(src, '$.a.n')": "3", "json_value(src, '$.a')": None,
    "extract(hour from parse_timestamp('%Y-%m-%dT%H:%M:%SZ', '2026-01-31T10:20:30Z'))": 10,
    "coalesce(n, 0)": N("1.50"), "coalesce(f, 0.0)": 2.5, "n * a": N("10.50"), "sqrt(4)": 2.0,
    "a * 1000000000": 7000000000, "cast(null as string)": None, "last_day(d, month)": D(2026, 1, 31),
    "date_trunc(d, week)": D(2026, 1, 25), "date_trunc(d, week(monday))": D(2026, 1, 26),
    "date_trunc(d, isoweek)": D(2026, 1, 26), "date_trunc(d, week(saturday))": D(2026, 1, 31),
    "date_diff(date '2026-02-01', d, week)": 1, "date_diff(date '2026-02-01', d, isoweek)": 0,
    "date_diff(d, date '2026-02-15', week)": -3, "date_diff(date '2026-02-02', d, week(monday))": 1,
    "regexp_extract(s, r'(l+)')": "ll", "regexp_contains(s, r'^h\\w+$')": True, "r'a\\d'": "a\\d",
    "lpad(s, 7, '*')": "**hello", "rpad(s, 3)": "hel", "char_length(s)": 5, "format_timestamp('%Y-%m-%d %H', tz)":
    "2026-01-31 23", "format_datetime('%H:%M', ts)": "10:20", "parse_date('%Y%m%d', '20260131')": D(2026, 1, 31),
    "datetime(tz)": T(2026, 1, 31, 23, 50), "datetime(d)": T(2026, 1, 31),
    "date(timestamp('2026-01-31'))": D(2026, 1, 31), "timestamp(d) < tz": True,
    "extract(hour from datetime(tz))": 23, "timestamp_diff(tz, timestamp(d), hour)": 23,
    "ifnull(z, 'q')": "q", "greatest(a, b)": 7, "logical_or(ok)": True, '"a text"': "a text",
}  # fmt: skip

REFUSED = {
    "redshift": {
        "listagg(distinct s, ',')": "listagg of distinct values", "to_char(d, 'Day')": "the format of to_char",
        "to_char(d, 'MON')": "the format of to_char", "max(ok)": "max of booleans",
        "sum(a) filter (where ok)": "FILTER", "count(distinct a) over ()": "count of distinct values over a window",
        "sum(a) over (order by b range unbounded preceding)": "a frame of range", "sum(a) over (order by b)": None,
        "first_value(a) over (order by b)": None,
    },
    "trino": {"count(distinct a) over ()": "count of distinct values over a window"},
    "snowflake": {
        "hash(a)": "hash", "object_construct('a', 1)": "the function object_construct",
        "src:a": "a VARIANT that is not cast",
        "src:a.b = 'x'": "a VARIANT that is not cast", "listagg(distinct s, ',')": "group_concat of distinct values",
        "s = 1": "EQ", "dateadd(hour, 1, d)": "dateadd of a date by hour", "f::varchar": "a cast of double to varchar",
        "safe_divide(a, b)": "the function safe_divide", "array_agg(a)": "array_agg", "coalesce(a, 'q')": "coalesce",
        "current_timestamp()::date": "a cast of timestamptz to date", "to_char(d, 'DY')": None, "initcap(s)": None,
        "to_char(d, 'MMMM')": "the format 'MMMM' of to_char", '"a"': 'the name "a"', "d + interval '1 day'": None,
        "substr(s, -2)": None, "left(s, -1)": None, "right(s, -1)": None, "last_day(d, 'year')": "last_day of a year",
        "to_timestamp(a)": None, "d = '2026-01-31 10:00:00'": "EQ", "coalesce(d, '2026-01-31 10:00:00')": "coalesce",
        "to_date(s, 'MON DD, YYYY')": None, "lpad(s, a, '*')": None,
        "d - ts": "SUB", "try_to_date(s, 'YYYY-MM-DD')": None,
        "strpos(s, 'l')": "the function strpos", "bool_or(ok)": "the function bool_or", "ceiling(n)": None,
        "count(a) over (order by b groups 1 preceding)": "a frame of groups",
        "listagg(s) over (partition by a)": None, "sum(a) filter (where ok)": "FILTER",
        "stddev(a)": "stddev", "(a / 3) * (b / 3) * n": "*",
        "regexp_replace(s, '(?=x)', '')": None, "extract(hour from tz)": None,
        "date_trunc('day', tz)": "date_trunc", "year(tz)": "year", "hour(d)": "hour", "1e3": "1e3", "'a' 'b'": None,
    },
    "bigquery": {
        "n / b": "DIV of NUMERIC", "cast(a as numeric) * n": "*",
        "date_diff(d, tz, day)": None, "[1, 2]": "array", "substr(s, -2)": None, "left(s, -1)": None,
        "n * 1.1": "MUL", "n - -0.5": "SUB", "coalesce(n, 0.0)": "coalesce", "case when ok then n else 0.5 end": "case",
        "d = '2026-01-31 10:00:00'": "EQ", "d - d": "SUB",
        "format_datetime('%H', tz)": "a format of timestamptz", "parse_date('%d %b %Y', s)": None,
        "timestamp(d, 'Asia/Tokyo')": None, "split_part(s, 'l', 1)": None, "listagg(s)": None, "bool_and(ok)": None,
        "format_date('%e', d)": None, "last_day(d, quarter)": None, "sum(a) filter (where ok)": "FILTER",
        "farm_fingerprint(s)": "the function farm_fingerprint", "iff(a, 1, 2)": None, "nvl(a, 1)": "the function nvl",
        "if(a - 7, 'x', 'y')": None, "extract(hour from d)": None, "'a' 'b'": None,
        "a = '7'": "EQ", "generate_uuid()": None, "timestamp_add(tz, interval 1 month)": None, '"a"': 'the text "a"',
        "cast(n as string)": None, "split(s, 'l')[safe_offset(0)]": None, "extract(week from d)": None,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("dialect", "expression", "expected"),
    [(name, *case) for name, cases in (("snowflake", SNOWFLAKE), ("bigquery", BIGQUERY)) for case in cases.items()],
)
def test_expression__gives_what_the_warehouse_does(dialect: str, expression: str, expected: Any) -> None:
    [value] = rows(f"select {expression} as x from t", dialect)
    assert (value, type(value)) == (expected, type(expected)) or (value == expected and isinstance(value, N | int))


@pytest.mark.parametrize(
    ("dialect", "expression", "what"), [(name, *case) for name, cases in REFUSED.items() for case in cases.items()]
)
def test_expression__is_refused_by_name_and_line(dialect: str, expression: str, what: str | None) -> None:
    with pytest.raises(UntranslatableQueryError) as raised:
        write_for_duckdb(f"select\n  1 as one,\n  {expression} as x\nfrom t", dialect, find_columns)
    assert raised.value.line in (3, None)
    assert what is None or raised.value.what == what


@pytest.mark.parametrize(
    ("dialect", "expression", "said"),
    [
        ("snowflake", "a / 0", "Division by zero"),
        ("snowflake", "s::int", "is no number"),
        ("snowflake", "cast(s as varchar(3))", "is too long"),
        ("bigquery", "a / 0", "division by zero"),
        ("bigquery", "cast('1.6' as int64)", "Bad int64 value"),
        ("snowflake", "'01/02/2026'::date", "pipeproof-refusal:"),
        ("snowflake", "src:a.f::string", "pipeproof-refusal:"),
        ("snowflake", "to_date('2026-1-31', 'YYYY-MM-DD')", "pipeproof-refusal:"),
        ("bigquery", "parse_date('%Y-%m-%d', s)", "pipeproof-refusal:"),
        ("snowflake", "sqrt(-n)", "square root"),
        ("bigquery", "sqrt(-n)", "square root"),
        ("redshift", "sqrt(-n)", "square root"),
        ("redshift", "split_part(s, 'l', -1)", "field position"),
        ("redshift", "left(s, b - 3)", "pipeproof-refusal:"),
        ("trino", "split_part(s, 'l', -1)", "Index must be greater than zero"),
    ],
)
def test_value__fails_as_the_warehouse_does_or_is_refused_as_it_runs(dialect: str, expression: str, said: str) -> None:
    with pytest.raises(duckdb.Error, match=said):
        run(f"select {expression} as x from t", dialect)


@pytest.mark.parametrize(
    ("dialect", "order", "expected"),
    [
        ("snowflake", "s", [1, 3, 2]), ("snowflake", "s desc", [2, 3, 1]),
        ("snowflake", "s desc nulls last", [3, 1, 2]),
        ("bigquery", "s", [2, 1, 3]), ("bigquery", "s desc", [3, 1, 2]),
        ("redshift", "s desc", [2, 3, 1]), ("trino", "s desc", [3, 1, 2]),
    ],
)  # fmt: skip
def test_nulls__are_where_the_warehouse_has_them(dialect: str, order: str, expected: list[int]) -> None:
    assert rows(f"select id from r order by {order}", dialect) == expected


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery"])
def test_query__qualify_stars_groups_by_alias_and_ctes(dialect: str) -> None:
    query = """
        with numbered as (select *, id % 2 as odd from r),
        kept as (select * from numbered qualify row_number() over (partition by odd order by id desc) = 1)
        select odd as parity, count(*) as n, max(id) as last from kept group by parity order by parity
    """
    assert run(query, dialect) == [(0, 1, 2), (1, 1, 3)]


def test_snowflake__names_without_quotes_are_one_and_aliases_serve_beside() -> None:
    assert run('select A as X, x + 1 as y, "B" as z from T', "snowflake") == [(7, 8, 2)]
    assert rows("select * exclude (s) from r order by ID limit 1", "snowflake") == [1]


def test_snowflake__a_quoted_name_is_the_column_that_is_spelled_so() -> None:
    columns = {"OrderID": "BIGINT", "id": "BIGINT"}
    assert '"orderid"' in write_for_duckdb('select "OrderID" as id from o', "snowflake", lambda _name: columns)
    with pytest.raises(UntranslatableQueryError, match='the name "id"'):
        write_for_duckdb('select "id" from o', "snowflake", lambda _name: columns)


def test_columns__keep_their_names() -> None:
    written = write_for_duckdb("select a as Total, count(*) over () as n from t", "snowflake", find_columns)
    assert [column[0] for column in database().execute(written).description] == ["total", "n"]


@pytest.mark.parametrize(("dialect", "query"), [("snowflake", "select * except (a) from t"),
                                                ("bigquery", "select * exclude (a) from t"),
                                                ("snowflake", "select `a` from t"),
                                                ("snowflake", "delete from t"),
                                                ("bigquery", "select 1 as x; select 2 as x")])  # fmt: skip
def test_statement__of_another_grammar_or_no_query_is_refused(dialect: str, query: str) -> None:
    with pytest.raises(UntranslatableQueryError):
        write_for_duckdb(query, dialect, find_columns)


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery"])
def test_subquery__correlated_is_taken_where_the_warehouses_take_it(dialect: str) -> None:
    plain = "select id from r where exists (select 1 from t where t.b = r.id)"
    assert rows(plain, dialect) == [2]
    assert rows("select id from r where id in (select b from t)", dialect) == [2]
    for strange in ("select (select max(b) from t where b < r.id) as m from r",
                    "select id from r where exists (select 1 from t where t.b < r.id)"):  # fmt: skip
        with pytest.raises(UntranslatableQueryError, match="a correlated subquery"):
            write_for_duckdb(strange, dialect, find_columns)


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery"])
@pytest.mark.parametrize(
    "query",
    [
        "select id % 2 as id, count(*) as n from r group by id",
        "select max(id) as id from r having id > 1",
        "with c as (select id as k from r) select k % 2 as k from c group by k",
    ],
)
def test_alias__that_may_be_a_column_is_refused(dialect: str, query: str) -> None:
    with pytest.raises(UntranslatableQueryError, match="it is an alias, and may be a column"):
        write_for_duckdb(query, dialect, find_columns)


def test_alias__that_is_no_column_or_is_numbered() -> None:
    assert run("select id % 2 as id, count(*) as n from r group by 1 order by 1", "snowflake") == [(0, 1), (1, 2)]
    assert run("select id % 2 as odd, count(*) as n from r group by odd order by odd", "bigquery") == [(0, 1), (1, 2)]


@pytest.mark.parametrize(
    ("kind", "dialect", "written"),
    [
        ("number", "snowflake", "DECIMAL(38, 0)"), ("number(10,2)", "snowflake", "DECIMAL(10, 2)"),
        ("float", "snowflake", "DOUBLE"), ("varchar(20)", "snowflake", "VARCHAR"), ("string", "bigquery", "VARCHAR"),
        ("timestamp_ntz", "snowflake", "TIMESTAMP"), ("int64", "bigquery", "BIGINT"), ("variant", "snowflake", None),
        ("numeric", "bigquery", "DECIMAL(38, 9)"), ("timestamp", "bigquery", "TIMESTAMPTZ"), ("", "snowflake", None),
        ("datetime", "bigquery", "TIMESTAMP"), ("date", "redshift", "DATE"), ("array<int64>", "bigquery", None),
    ],
)  # fmt: skip
def test_type__of_a_contract(kind: str, dialect: str, written: str | None) -> None:
    assert write_type(kind, dialect) == written


def test_types__that_are_one_to_the_warehouse() -> None:
    assert is_one_type("BIGINT", "DECIMAL(38,0)", "snowflake")
    assert not is_one_type("BIGINT", "DECIMAL(38,9)", "bigquery")
    assert not is_one_type("DOUBLE", "DECIMAL(38,0)", "snowflake")
    assert is_one_type("VARCHAR", "TEXT", "bigquery")


def test_table__that_is_not_there_is_named() -> None:
    with pytest.raises(MissingTableError, match="raw\\.orders"):
        write_for_duckdb("select id from raw.orders", "snowflake", find_columns)


@pytest.mark.parametrize(
    ("dialect", "expression", "expected"),
    [("redshift", "7 / 2", 3), ("redshift", "concat('a', null)", None), ("trino", "try(1 / 0)", None)],
)
def test_others__are_run_by_the_rules_of_awss_services(dialect: str, expression: str, expected: Any) -> None:
    assert rows(f"select {expression} as x", dialect) == [expected]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (r"'a_b' like 'a\\_b'", True), (r"'axb' like 'a\\_b'", False), (r"'A_B' ilike 'a\\_b'", True),
        ("'axb' like 'a_b'", True), ("'axb' like 'a^_b' escape '^'", False),
        ("left(s, 2)", "he"), ("right(s, b)", "lo"),
    ],
)  # fmt: skip
def test_redshift__a_backslash_escapes_in_like(expression: str, expected: Any) -> None:
    assert rows(f"select {expression} as x from t", "redshift") == [expected]


def test_redshift__values_are_no_table() -> None:
    with pytest.raises(UntranslatableQueryError, match="VALUES as a table"):
        write_for_duckdb("select * from (values (1, 'a')) as v(id, s)", "redshift", find_columns)


@pytest.mark.parametrize("query", ["select a + 1 as x, x * 2 as y from t", "select a + 1 as x from t where x > 2"])
def test_bigquery__an_alias_is_not_known_beside_nor_in_where(query: str) -> None:
    with pytest.raises(UntranslatableQueryError, match="the column x is not there"):
        write_for_duckdb(query, "bigquery", find_columns)
    assert run(query, "snowflake")


@pytest.mark.parametrize("dialect", ["bigquery", "trino"])
def test_order__by_an_expression_of_an_alias(dialect: str) -> None:
    assert rows("select -id as id from r order by id + 0", dialect) == [-3, -2, -1]
    assert rows("select -id as id from r order by id", dialect) == [-3, -2, -1]


def test_order__by_an_expression_of_an_alias_is_refused_where_it_is_not_documented() -> None:
    with pytest.raises(UntranslatableQueryError, match="it is an alias, and may be a column"):
        write_for_duckdb("select -id as id from r order by id + 0", "snowflake", find_columns)
    assert rows("select -id as n from r order by n + 0", "snowflake") == [-3, -2, -1]


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery"])
def test_group__by_all_is_by_what_has_no_aggregate(dialect: str) -> None:
    query = "select id > 1 as late, count(*) as n, max(s) as s from r group by all order by 1"
    assert run(query, dialect) == [(False, 1, "a"), (True, 2, "b")]
    assert run("select count(*) as n from r group by all", dialect) == [(3,)]
    with pytest.raises(UntranslatableQueryError, match="GROUP BY ALL"):
        write_for_duckdb("select *, count(*) as n from r group by all", dialect, find_columns)


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "redshift", "trino"])
def test_null__in_what_a_row_is_not_in_leaves_none(dialect: str) -> None:
    assert rows("select id from r where s not in (select s from r)", dialect) == []
    assert rows("select id from r where id not in (select a from t)", dialect) == [1, 2, 3]


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "redshift", "trino"])
def test_window__ignores_nulls(dialect: str) -> None:
    frame = "order by id rows between unbounded preceding and current row"
    value = "last_value(s) ignore nulls" if dialect == "trino" else "last_value(s ignore nulls)"
    assert rows(f"select {value} over ({frame}) as x from r order by id", dialect) == ["a", "a", "b"]


@pytest.mark.parametrize(
    ("dialect", "query", "expected"),
    [
        ("snowflake", "select nvl2(z, a, n) / 3 as x from t", N("0.50000000")),
        ("snowflake", "select coalesce(nullif(n, n), 1.555) / 3 as x from t", N("0.518333333")),
        ("snowflake", "select iff(ok, 1.555, n) / 3 as x from t", N("0.518333333")),
        ("snowflake", "select case when ok then 1.55 else 1.5 end / 3 as x from t", N("0.51666667")),
        ("snowflake", "select case when not ok then 1.5 else 1.55 end / 3 as x from t", N("0.51666667")),
        ("snowflake", "select greatest(1.5, 1.55) / 3 as x", N("0.51666667")),
        ("snowflake", "select decode(a, 8, 1.5, 1.55) / 3 as x from t", N("0.51666667")),
        ("snowflake", "select to_number('1.55', 10, 2) / 3 as x", N("0.51666667")),
        ("snowflake", "select x / 3 as y from (select 1 as x union all select 1.55) order by 1 limit 1",
         N("0.33333333")),
        ("redshift", "select sum(nvl2(z, a, n)) as x from t", N("1.50")),
        ("redshift", "select avg(nvl2(z, a, f)) as x from t", 2.5),
        ("redshift", "select avg(decode(a, 8, 1, f)) as x from t", 2.5),
        ("trino", "select case when not ok then 1.5 else 1.55 end / 2 as x from t", N("0.78")),
        ("trino", "select coalesce(try_cast('x' as decimal(2, 1)), 1.55) / 2 as x", N("0.78")),
    ],
)  # fmt: skip
def test_decimals__of_several_branches_keep_their_digits(dialect: str, query: str, expected: Any) -> None:
    [value] = rows(query, dialect)
    assert (value, str(value)) == (expected, str(expected))


@pytest.mark.parametrize("dialect", ["snowflake", "trino"])
def test_decimals__of_several_scales_in_one_column_are_refused(dialect: str) -> None:
    for query in ("select x / 3 as y from (select 1.5 as x union all select 1.55) as q",
                  "select x / 3 as y from (select 1 as x union all select 1.5 union all select 1.55)"):  # fmt: skip
        with pytest.raises(UntranslatableQueryError, match="decimals of several scales"):
            write_for_duckdb(query, dialect, find_columns)


@pytest.mark.parametrize("dialect", ["snowflake", "redshift"])
def test_count__of_a_tables_star_is_refused(dialect: str) -> None:
    with pytest.raises(UntranslatableQueryError, match="count"):
        write_for_duckdb("select count(r.*) as n from r", dialect, find_columns)


@pytest.mark.parametrize("dialect", ["snowflake", "redshift", "trino"])
def test_lag__by_a_default_that_duckdb_would_round_is_refused(dialect: str) -> None:
    assert rows("select lag(n, 1, 0.5) over (order by a) as x from t", dialect) == [N("0.50")]
    with pytest.raises(UntranslatableQueryError, match="a default of lag with more decimal places"):
        write_for_duckdb("select lag(a, 1, 0.5) over (order by b) as x from t", dialect, find_columns)
