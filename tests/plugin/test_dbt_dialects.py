"""A project in its warehouse's SQL, on the embedded database: what is proven, and what cannot be."""

import pytest

PROJECT = {
    "dbt_project.yml": """
        name: shop
        profile: shop
        on-run-start: ["grant usage on schema {{ target.schema }} to role reader"]
        models:
          +post-hook: "grant select on {{ this }} to role reader"
    """,
    "profiles.yml": """
        shop:
          target: dev
          outputs:
            dev: {type: snowflake, account: a, user: u, password: p, database: d, schema: s}
    """,
    "models/shop.yml": """
        sources:
          - name: raw
            tables:
              - name: orders
                columns:
                  - {name: id, data_type: number}
                  - {name: amount, data_type: number}
                  - {name: day, data_type: date}
                  - {name: status, data_type: varchar}
        models:
          - name: stg
            columns: [{name: id, data_tests: [unique, not_null]}]
          - name: kept
            config: {contract: {enforced: true}}
            columns: [{name: id, data_type: "number(38, 0)"}, {name: third, data_type: "number(10, 2)"}]
          - name: broken
            config: {contract: {enforced: true}}
            columns: [{name: id, data_type: varchar}]
        unit_tests:
          - name: halves_are_rounded
            model: stg
            given:
              - input: source('raw', 'orders')
                rows: [{id: 1, amount: 1, day: "2026-01-31", status: a}]
            expect: {rows: [{id: 1, third: 0.333333, day: "2026-02-01"}]}
          - name: of_what_cannot_be_proven
            model: hashed
            given:
              - input: ref('stg')
                rows: [{id: 1}]
            expect: {rows: [{h: 1}]}
    """,
    "models/stg.sql": """
        select id, amount, amount / 3 as third, {{ dbt.dateadd('day', 1, 'day') }} as day,
          iff(status = 'x', 'gone', status) as status
        from {{ source('raw', 'orders') }}
        qualify row_number() over (partition by id order by amount desc) = 1
    """,
    "models/kept.sql": """
        select id, third from {{ ref('stg') }}
    """,
    "models/broken.sql": """
        select id from {{ ref('stg') }}
    """,
    "models/eph.sql": """
        {{ config(materialized='ephemeral') }}
        select *, nvl(status, '-') as state from {{ ref('stg') }}
    """,
    "models/daily.sql": """
        select state, '{{ target.type }}' as kind, sum(amount) as amount
        from {{ ref('eph') }} group by state
    """,
    "models/hashed.sql": """
        select
          -- hash(id) is not here
          hash(id) as h
        from {{ ref('stg') }}
    """,
    "models/merged.sql": """
        {{ config(materialized='incremental', unique_key='id') }}
        select id, zeroifnull(amount) as amount from {{ source('raw', 'orders') }}
        {% if is_incremental() %} where amount > (select max(amount) from {{ this }}) {% endif %}
    """,
    "models/pivoted.sql": """
        {% set query = "select distinct nvl(status, '-') as s from " ~ ref('stg') ~ " order by 1" %}
        {% set found = run_query(query).columns[0].values() if execute else [] %}
        select {% for s in found %} count_if(status = '{{ s }}') as n_{{ s }}, {% endfor %} 1 as one
        from {{ ref('stg') }}
    """,
    "models/right.sql": """
        select {{ dbt.right("status", 1) }} as last from {{ ref('stg') }}
    """,
    "snapshots/orders.sql": """
        {% snapshot orders_seen %}
        {{ config(unique_key='id', strategy='check', check_cols=['state'], target_schema='seen') }}
        select id, nvl(status, '-') as state from {{ source('raw', 'orders') }}
        {% endsnapshot %}
    """,
    "test_shop.py": """
        import datetime
        import pytest

        ROWS = [
            {"id": 1, "amount": 3, "day": datetime.date(2026, 1, 31), "status": "a"},
            {"id": 1, "amount": 2, "day": datetime.date(2026, 1, 31), "status": "a"},
            {"id": 2, "amount": 5, "day": datetime.date(2026, 1, 31), "status": "x"},
        ]

        def test_models(dbt):
            dbt.given("raw.orders", ROWS)
            dbt.build("+daily", exclude="test_type:unit")
            kept = [{"state": "a", "kind": "snowflake", "amount": 3}]
            dbt.expect("daily", [*kept, {"state": "gone", "kind": "snowflake", "amount": 5}])
            dbt.run("pivoted")
            assert dbt.rows("pivoted") == [{"n_a": 1, "n_gone": 1, "one": 1}]
            assert [row["state"] for row in dbt.rows("eph")] == ["a", "gone"]

        def test_contracts(dbt):
            dbt.given("raw.orders", ROWS[:1])
            dbt.run("+kept")
            dbt.expect("kept", [{"id": 1, "third": 1}])
            with pytest.raises(__import__("pipeproof").DbtFailed, match="contract"):
                dbt.run("broken")

        def test_unproven(dbt):
            dbt.given("raw.orders", ROWS)
            dbt.run("+hashed")

        def test_unproven__is_no_failure(dbt):
            dbt.given("raw.orders", ROWS)
            with pytest.raises(__import__("pipeproof").DbtFailed):
                dbt.run("+hashed")

        def test_unproven__status(dbt):
            dbt.given("raw.orders", ROWS)
            result = dbt.run("+hashed", check=False)
            assert (result["stg"].status, result["hashed"].status) == ("success", "unproven")
            assert not result.success

        def test_merge(dbt):
            dbt.given("raw.orders", [{"id": 1, "amount": 3}])
            dbt.run("merged")
            dbt.given("raw.orders", [{"id": 1, "amount": 4}])
            dbt.run("merged")
            assert dbt.rows("merged") == [{"id": 1, "amount": 4}]

        def test_merge__of_two_rows_of_a_key(dbt):
            dbt.given("raw.orders", [{"id": 1, "amount": 3}])
            dbt.run("merged")
            dbt.given("raw.orders", [{"id": 1, "amount": 5}, {"id": 1, "amount": 6}])
            dbt.run("merged")

        def test_macro_of_an_adapter_that_is_not_there(dbt):
            dbt.given("raw.orders", ROWS)
            dbt.run("+right")

        def test_snapshot(dbt):
            dbt.given("raw.orders", [{"id": 1, "status": None}])
            dbt.snapshot()
            dbt.given("raw.orders", [{"id": 1, "status": "b"}])
            dbt.snapshot()
            assert sorted(row["state"] for row in dbt.rows("orders_seen")) == ["-", "b"]
    """,
}


@pytest.fixture
def project(pytester):
    """The project, and a run of pytest in a process of its own."""
    for name, content in PROJECT.items():
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line[8:] for line in content.strip("\n").splitlines()) + "\n")
    return pytester


def test_dialect__of_the_profile(project):
    """Models, tests, snapshots and queries of macros are Snowflake's; what is not proven is skipped with its line."""
    result = project.runpytest_subprocess("--dbt-tests", "-rs", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=6, skipped=7)
    result.stdout.fnmatch_lines_random(
        [
            "*cannot be proven here, as snowflake would run it: models/hashed.sql:3: hash*",
            "*models/merged.sql:*: a merge of several new rows with one unique_key*",
            "*models/right.sql:1: the macro dbt.right (dbt-snowflake has it, and is not installed*",
        ]
    )


def test_dialect__duckdb(project):
    """Without a dialect the SQL is DuckDB's own."""
    result = project.runpytest_subprocess(
        "--pipeproof-dbt-dialect=duckdb", "-k", "test_merge", "-p", "no:cacheprovider"
    )
    result.assert_outcomes(failed=2)
