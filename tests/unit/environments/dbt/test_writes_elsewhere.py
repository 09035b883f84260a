"""Statements that hide a write, and statements that are none."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeproof.environments.dbt.guard.words import UNKNOWN
from pipeproof.environments.dbt.guard.writes import find_writes


def places(sql):
    return [".".join(write.name) for write in find_writes(sql)]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("with c as (select 1 as x) update p.t set a = 1", ["p.t"]),
        ("explain analyze delete from p.t", ["p.t"]),
        ("explain (analyze, costs off) delete from p.t", ["p.t"]),
        ("prepare s as insert into p.t values (1)", ["p.t"]),
        ("drop table if exists a.b, p.t cascade", ["a.b", "p.t"]),
        ("drop function a.f(int, text), p.g(int)", ["a.f", "p.g"]),
        ("drop schema a, p cascade", ["a", "p"]),
        ("truncate only a.b *, p.t", ["a.b", "p.t"]),
        ("grant select on a.b, p.t to x", ["a.b", "p.t"]),
        (r"select split_part('a', '\', 1); update p.t set a = 'x'", ["p.t"]),
        (r"select 'it\'s'; update p.t set a = 'x'", ["p.t"]),
        (r"select E'it\'s; drop table a.b'; drop table p.t", ["p.t"]),
        ("select 1 as a, 2 as b into p.t from x", ["p.t"]),
        ("with c as (select 1) select * into p.t from c", ["p.t"]),
        ("alter table a.t set schema p", ["a.t", "p"]),
        ("alter schema a rename to p", ["a", "p"]),
        ("alter table a.t rename to p.t", ["a.t", "p.t"]),
        ("alter table a.t swap with p.t", ["a.t", "p.t"]),
        ("alter table a.t rename to t2", ["a.t"]),
        ("insert or replace into p.t values (1)", ["p.t"]),
        ("insert or ignore into p.t values (1)", ["p.t"]),
        ("insert into default.t values (1)", ["default.t"]),
        ("replace into p.t values (1)", ["p.t"]),
        ("set search_path = 'p,a'; create table t as select 1", ["p", "t"]),
        ("set local search_path to p, a", ["p"]),
        ("set schema 'p'", ["p"]),
        ('set session search_path to "p"', ["p"]),
        ("select set_config('search_path', 'p', false)", ["p"]),
        ("pragma search_path='p'", ["p"]),
        ("reset search_path", ["default"]),
        ("use p", ["p"]),
        ("use db.p", ["db.p"]),
        ("use schema p", ["p"]),
        ("copy (select 1) to '/tmp/x.csv' (header)", ["/tmp/x.csv"]),
        ("copy a.t to 's3://x/y'", ["s3://x/y"]),
        ("copy into p.t from @stage", ["p.t"]),
        ("export database '/tmp/x'", ["/tmp/x"]),
        ("unload ('select 1') to 's3://x'", ["s3://x"]),
        ("attach '/tmp/x.db' as o", ["/tmp/x.db"]),
        ("do $x$ begin create table p.t (a int); end $x$", ["p.t"]),
        ("do language plpgsql 'begin execute ''drop table p.t''; end'", ["p.t"]),
        ("execute immediate 'drop table p.t'", ["p.t"]),
        ("begin if x then delete from p.t; end if; end", ["p.t"]),
        ("grant usage on schema p to public", ["p"]),
        ("revoke all on all tables in schema a, p from x", ["a", "p"]),
        ("grant admin to x", ["admin"]),
        ("refresh materialized view concurrently p.v", ["p.v"]),
        ("create or replace macro p.m() as 1", ["p.m"]),
        ("create foreign table p.t (a int) server s", ["p.t"]),
        ("create trigger t after update of a on p.t execute function f()", ["p.t"]),
        ("create rule r as on insert to p.t do instead nothing", ["p.t"]),
        ("drop trigger t on p.t", ["p.t"]),
        ("create domain p.d as int", ["p.d"]),
        ("create aggregate p.a (int) (sfunc = x)", ["p.a"]),
        ("create statistics p.s on a, b from a.t", ["p.s"]),
        ("create extension if not exists hstore", ["extension.hstore"]),
        ("create role x", ["role.x"]),
        ("create event trigger x on ddl_command_end execute function f()", ["trigger.x"]),
        ("create persistent secret s (type s3)", ["secret.s"]),
        ("alter default privileges in schema p grant all on tables to x", ["privileges"]),
        ("drop owned by x", ["owned"]),
        ("import foreign schema x from server y into p", ["p"]),
        ("comment on table p.t is 'x'", ["p.t"]),
        ("comment on column a.t.c is 'x'", ["a.t"]),
        ("comment on constraint c on p.t is 'x'", ["p.t"]),
        ("vacuum full p.t", ["p.t"]),
        ("delete p.t", ["p.t"]),
        ("merge p.t using x on true when matched then delete", ["p.t"]),
        ("/* /* */ ' */ create table p.t (a int) -- '", ["p.t"]),
        ('create table U&"\\0070".t as select 1', ["p.t"]),
        ("drop table `db.p.t`", ["db.p.t"]),
        ("drop table [p].[t]", ["p.t"]),
        ("update /* here */ -- and here\n p . t set a = 1", ["p.t"]),
        ("exchange tables a.t and p.t", ["a.t", "p.t"]),
    ],
)
def test_find_writes__sees_what_is_hidden(sql, names):
    assert list(dict.fromkeys(places(sql))) == names


@pytest.mark.parametrize(
    "sql",
    [
        "", " ; ; -- nothing", "BEGIN", "begin transaction", "commit", "(select 1) union (select 2)", "from t select a",
        "explain analyze select 1", "show tables", "describe (select 1)", "pragma table_info('t')", "call f()",
        "set statement_timeout = 5", "set local timezone to 'UTC'", "alter session set query_tag = 'x'", "analyze",
        "use warehouse w", "load httpfs", "vacuum", "attach 'x.db' as o (read_only)", "attach ':memory:' as m",
        "create secret s (type s3)", "copy t to stdout",
        "select update, copy, merge, case when a then drop else truncate end from t for update",
        "select max(a) update from t", "unpivot t on a, b into name n value v", r"select 'it\'s; drop table a.b'",
        "select 'https://x', '#', 'a' /* it's */ -- it's", "refresh table x.y",
    ],
)  # fmt: skip
def test_find_writes__nothing(sql):
    assert find_writes(sql) == []


@pytest.mark.parametrize("sql", ["flush tables", "undrop all", "security label x", "drop table"])
def test_find_writes__what_is_not_known_has_no_name(sql):
    assert [write.name for write in find_writes(sql)] == [()]


def test_find_writes__in_a_script_anything_goes():
    assert not [write for write in find_writes("declare x int; x := 1; perform f()") if write.kind == UNKNOWN]


WRITES = st.sampled_from([
    "update prod.orders set a = 1", "insert into prod.orders values (1)", "drop table mine.x, prod.orders",
    "create table prod.orders as select 'it''s'", 'delete from "prod"."orders"',
    "merge into prod.orders using x on true",
])  # fmt: skip
PLAIN = st.text("abc \n;,(x1", max_size=8)
NOISE = st.one_of(
    PLAIN.map(lambda text: f"/* {text} ' \" */"),
    PLAIN.map(lambda text: f"/* /* {text} */ {text} */"),
    st.text("abc ;,(x1'/*", max_size=8).map(lambda text: f"-- {text} ' /*\n"),
)
STRINGS = st.text("abc;' \"\\-*/$(", max_size=12).map(lambda text: "'" + text.replace("'", "''") + "'")
BEFORE = st.one_of(
    st.just(""),
    NOISE,
    STRINGS.map(lambda text: f"select {text};"),
    st.builds(lambda text, noise: f"with c as {noise} (select {text} as x) {noise}", STRINGS, NOISE),
    NOISE.map(lambda noise: f"begin; {noise} explain analyze "),
    PLAIN.map(lambda text: f"select $q$ {text} ' $q$;"),
)


@given(WRITES, BEFORE, NOISE)
@example("update prod.orders set a = 1", r"select '\';", "-- '\n")
def test_find_writes__nothing_before_it_hides_a_write(write, before, after):
    assert "prod.orders" in places(f"{before} {write} {after}")


@given(WRITES, st.sampled_from(["'", "$$", "$q$"]), NOISE)
def test_find_writes__a_string_alone_is_none(write, quote, noise):
    text = write.replace("'", "''") if quote == "'" else write
    assert places(f"select {noise} {quote}{text};{text}{quote} as x, 1") == []


@given(st.text("'\"\\$`/*-#;()abcE update.set", max_size=60))
def test_find_writes__takes_any_quoting(text):
    find_writes(text)
