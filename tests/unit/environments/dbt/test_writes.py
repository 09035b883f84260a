"""What a SQL statement would write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.environments.dbt.guard.writes import find_fixed_writes, find_writes


@pytest.mark.parametrize(
    ("sql", "writes"),
    [
        ("select * from prod.orders", []),
        ("create table prod.orders as select 1", ["create table prod.orders"]),
        ('create or replace temporary view "A b"."c" as (select 1)', ["create view A b.c"]),
        ("CREATE TABLE IF NOT EXISTS audit.log (id int)", ["create table audit.log"]),
        ("create schema if not exists prod", ["create schema prod"]),
        ("drop schema if exists prod cascade", ["drop schema prod"]),
        ("insert into db.prod.orders (id) select id from x", ["insert table db.prod.orders"]),
        ("insert overwrite table prod.orders select 1", ["insert table prod.orders"]),
        ("with x as (select 1) insert into prod.t select * from x", ["insert table prod.t"]),
        ("delete from prod.orders where id = 1", ["delete table prod.orders"]),
        ("update prod.orders set a = 1", ["update table prod.orders"]),
        ("merge into `prod`.`orders` as t using x on 1=1 when matched then delete", ["merge table prod.orders"]),
        ("truncate table prod.orders", ["truncate table prod.orders"]),
        ("alter table only prod.orders rename to o", ["alter table prod.orders"]),
        ("create unique index if not exists i on prod.orders (id)", ["create index prod.orders"]),
        ("drop index if exists prod.i", ["drop index prod.i"]),
        ("copy prod.orders from '/tmp/x'", ["copy table prod.orders"]),
        ("create materialized view prod.v as select 1", ["create view prod.v"]),
        ("begin; delete from a.b; insert into c.d values (1)", ["delete table a.b", "insert table c.d"]),
        ("select 'insert into prod.x', $$ drop table prod.y $$ -- delete from prod.z\n/* update prod.q */", []),
        ("select update, copy from t where created = 'x' for update", []),
        ("create function prod.f() returns int as $$ insert into x.y values (1) $$", ["create function prod.f"]),
        ("select 'it''s; drop table a.b'", []),
    ],
)  # fmt: skip
def test_find_writes(sql, writes):
    assert [str(write) for write in find_writes(sql)] == writes


def test_find_writes__knows_what_is_temporary():
    assert find_writes("create temp table x as select 1")[0].temporary
    assert not find_writes("create table x as select 1")[0].temporary


@given(st.text(max_size=200))
def test_find_writes__takes_any_text(text):
    find_writes(text)


@pytest.mark.parametrize(
    ("template", "writes"),
    [
        ("insert into audit.log values ('{{ this }}')", ["insert table audit.log"]),
        ("insert into {{ target.schema }}.log values (1)", []),
        ("insert into {{ target.schema }}_audit.log values (1)", []),
        ("insert into {{ this }} select 1", []),
        ("{% if true %} create schema if not exists audit {% endif %}", ["create schema audit"]),
        ("grant select on {{ this }} to role reporter", []),
        ("create index on {{ this }} (id)", []),
    ],
)
def test_find_fixed_writes(template, writes):
    assert [str(write) for write in find_fixed_writes(template)] == writes
