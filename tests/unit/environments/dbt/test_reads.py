"""Which columns of the sources `raw.o` and `raw.c` queries read."""

import pytest

from pipeproof.environments.dbt.project.reads import Reads

SOURCES = {("raw", "o"): "o", ("raw", "c"): "c"}


def read(*queries, known=None):
    """The columns of `o` and `c` that models `m0`, `m1`, … read, each of which reads those before it."""
    names = [f"m{at}" for at in range(len(queries))]
    models = {**{("main", name): name for name in names}, ("main", "other"): "other"}
    reads = Reads(SOURCES, models, known or {}, "duckdb")
    sql = dict(zip(names, queries, strict=True))

    def readers(at):
        found = {"o": "raw.o", "c": "raw.c"}.get(at, f"main.{at}")
        return [name for name, query in sql.items() if found in query]

    reads.follow(readers, lambda wanted: {name: sql[name] for name in wanted})
    return {
        at: {name if kind is None else f"{name} {kind}" for name, kind in columns.items()}
        for at, columns in reads.columns.items()
    }


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("select id, upper(name) as name, a.b.c from raw.o as a", "id name b"),
        ('select "Name" from raw.o', "name"),
        ("with s as (select * from raw.o), t as (select s.* from s) select id as n from t where k > 1", "id k"),
        ("select amount / 100 as price, price * 2 as twice from raw.o order by price", "amount"),
        ("select lower(name) as name from raw.o where name > 'a'", "name"),
        ("select * exclude (secret) from raw.o", "secret"),
        ("select * replace (x + 1 as x) from raw.o", "x"),
        ("select a.id, extra from raw.o a join main.other b using (k)", "id extra k"),
        ("select id, known from raw.o, main.other", "id"),
        ("select count(*) from raw.o group by all", ""),
        ("select (select max(v) from raw.o i where i.k = p.k) as x from main.other p", "v k"),
        ("select row_number() over (partition by a order by b) as r from raw.o qualify r = 1", "a b"),
        ("select k from (select * from main.other union all select * from raw.o)", "k"),
        ("select sum(x) filter (where ok) from raw.o having count(*) > 1", "x ok"),
        ("with recursive r as (select id from raw.o union all select id + 1 from r) select * from r", "id"),
        ("this is no query", ""),
    ],
)
def test_reads__columns(query, columns):
    assert read(query, known={"other": {"known"}}).get("o", set()) == set(columns.split())


@pytest.mark.parametrize(
    "expression",
    [
        "date_trunc('day', at)",
        "extract(year from at)",
        "date_part('month', (at))",
        "date_diff('day', at, current_date)",
        "at + interval 1 day",
        "at - (interval '1 day' * 2)",
        "year(at)",
        "time_bucket(interval 1 day, at)",
        "epoch(at)",
    ],
)
def test_reads__columns_that_are_times(expression):
    """A function of time takes several types, so that the database cannot choose one by itself."""
    assert read(f"select {expression} as x from raw.o") == {"o": {"at timestamp"}}


def test_reads__through_models_that_hand_columns_on():
    """What is renamed on the way is found under the name that the source has."""
    found = read(
        "select * from raw.o",
        "select id as key, placed as day, * exclude (id) from main.m0",
        "select key, far, date_trunc('month', day) as month from main.m1 join raw.c using (c_id)",
        "select nothing_of_the_source from main.m2",
    )
    assert found["o"] == {"id", "placed timestamp", "far", "c_id"}
    assert found["c"] == {"c_id"}


def test_reads__a_model_that_reads_itself():
    assert read("select id from raw.o union all select * from main.m0") == {"o": {"id"}}
