"""What a guard lets through."""

from types import SimpleNamespace

import pytest

from pipeproof.environments.dbt.errors import DbtRefusedError
from pipeproof.environments.dbt.guard.watch import Guard


@pytest.fixture
def see(tmp_path):
    """Let a guard see a statement."""

    def see(sql, *, unqualified=True):
        guard = Guard("test_1", "db", {"scratch"}, tmp_path / "external", unqualified=unqualified)
        node = SimpleNamespace(node_name="model", unique_id="model.p.model")
        data = SimpleNamespace(sql=sql.replace("FILES", str(tmp_path / "external")), node_info=node, conn_name="")
        guard(SimpleNamespace(info=SimpleNamespace(name="SQLQuery"), data=data))

    return see


@pytest.mark.parametrize(
    "sql",
    [
        "grant select on test_1.t to reporter",
        'grant select, insert on table "db"."test_1"."t" to a, b',
        "grant usage on schema test_1_meta to public",
        "grant select on all tables in schema test_1 to x",
        "revoke all on test_1.t from x",
        "analyze test_1.t",
        "vacuum test_1.t",
        "vacuum",
        "set statement_timeout = 0",
        "create index if not exists i on test_1.t (a)",
        'comment on view "db"."test_1"."t" is $$ drop table public.t $$',
        'comment on column "db"."test_1"."t"."c" is \'it\'\'s\'; comment on column test_1.t.d is null',
        "copy test_1.t to 'FILES/a.parquet' (format parquet)",
        "set search_path to test_1, public",
        "set search_path = 'test_1_x,main'",
        "use test_1",
        "refresh materialized view test_1.v",
        "truncate test_1.a, test_1_x.b, scratch",
        'alter table "db"."test_1"."t__tmp" rename to "t"',
        "alter table test_1.t set schema test_1_old",
        "do $$ begin insert into test_1.log select 1; raise notice 'done'; end $$",
        "select * into test_1.t from public.x",
        "select * into fresh from public.x; drop table fresh",
        "exchange tables test_1.a and test_1.b",
        "attach 'x.db' as o (type sqlite, read_only true)",
        "merge into test_1.t using s as b on x when matched then update set y = b.y when not matched then insert *",
        "delete from test_1.t as a using b where a.x = b.x; insert into test_1.t (x) (select x from b)",
        "drop index if exists db.test_1.i",
    ],
)
def test_guard__lets_through(see, sql):
    see(sql)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("drop table test_1.a, victims.v", r"model would drop table victims\.v, which is outside"),
        ("copy test_1.t to '/tmp/x.csv'", "model would copy file /tmp/x.csv"),
        ("copy test_1.t to 'FILES/../x.csv'", "model would copy file "),
        ("copy test_1.t to 's3://x/y'", "model would copy file s3://x/y"),
        ("attach 'x.db' as o (read_only false)", "model would attach file x.db"),
        ("create extension hstore", "model would create extension hstore"),
        ("use main", "model would use schema main"),
        ("use db", "model would use schema db"),
        ("set search_path to public, test_1", "model would set schema public"),
        ("alter schema test_1 rename to x", "model would alter schema x"),
        ("flush tables", r"model would run a statement that may write outside .*: flush tables …"),
        ("do $$ begin execute 'drop table ' || x; end $$", "model would run a statement that may write outside"),
        ("create database other", "model would create schema other"),
        ("grant usage on schema test_1, victims to public", "model would grant schema victims"),
    ],
)
def test_guard__refuses(see, sql, message):
    with pytest.raises(DbtRefusedError, match=message):
        see(sql)


def test_guard__use_of_the_database_where_names_without_a_schema_are_refused_anyway(see):
    see("use database db", unqualified=False)
