"""What dbt says in its log alone, where it stands, and what a time-out ends."""

import json
import signal
from contextlib import closing, contextmanager
from datetime import datetime

import pytest
from dbt_versions import since, version_1_alone

from pipeproof.environments.dbt.engine import open_scenario
from pipeproof.environments.dbt.result import DbtFailed

BATCHED = (
    "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='seen_at', "
    "batch_size='day', begin='2026-01-01') }}\n"
)
WORDS = (
    "{{ log('logged', info=True) }}{{ print('printed') }}{% if execute %}{% do exceptions.warn('warned') %}{% endif %}"
)
ENDLESS = "select sum(sqrt(a + b)) as n from range(10000000) t(a), range(1000000) u(b)"
UNCOUNTED = version_1_alone("version 2 does not say which batch failed")
FILES = {
    "dbt_project.yml": """
name: said
profile: said
models:
  said:
    hooked_by_the_project: {+post-hook: select nonsense from nowhere_at_all}
on-run-end:
  - select 1
  - "{% if var('fail', false) %}select nonsense{% endif %}"
""",
    "models/events.sql": "{{ config(event_time='seen_at') }} select 0 as id, now()::timestamp as seen_at where false",
    "models/some_batches.sql": BATCHED
    + "select if(id = 2, error('no such day')::int, id) as id, seen_at from {{ ref('events') }}",
    "models/no_batch.sql": BATCHED + "select id, nonsense, seen_at\nfrom {{ ref('events') }}",
    "models/all_batches.sql": BATCHED + "select id, seen_at from {{ ref('events') }}",
    "models/words.sql": WORDS + " select 1 as id",
    "models/failing_words.sql": WORDS + " select nonsense as id",
    "models/hooked.sql": "{{ config(materialized='table') }} select 1 as id",
    "models/hooked_by_the_project.sql": "{{ config(materialized='table') }} select 1 as id",
    "models/slow.sql": f"{{{{ config(materialized='table') }}}} {ENDLESS}",
    "models/quick.sql": "select 1 as id",
    "functions/plus.sql": "a + nonsense",
    "functions/schema.yml": """
functions:
  - {name: plus, arguments: [{name: a, data_type: integer}], returns: {data_type: integer}}
""",
    "models/schema.yml": """
models:
  - name: hooked
    config:
      post_hook:
        - select 1
        - select nonsense from nowhere
""",
}


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.fixture(scope="module")
def said(make_project, tmp_path_factory):
    return make_project(project_dir=write(tmp_path_factory.mktemp("said"), FILES))


@pytest.fixture
def scenario(said):
    with closing(open_scenario(said, lambda _kind, _data: None)) as dbt:
        yield dbt


@pytest.mark.parametrize(
    ("model", "message"),
    [
        pytest.param(
            "some_batches",
            r"some_batches.sql:1: model some_batches: PARTIAL SUCCESS \(1/2\)\nbatch 2026-01-02: .*no such day",
            marks=UNCOUNTED,
        ),
        pytest.param(
            "no_batch",
            r"no_batch.sql:2: model no_batch: ERROR\nbatch 2026-01-01: Binder Error: .*nonsense",
            marks=UNCOUNTED,
        ),
        ("some_batches", r"some_batches.sql:1: model some_batches: (.*\n)*.*no such day"),
        ("no_batch", r"no_batch.sql:2: model no_batch: (.*\n)*.*Binder Error: .*nonsense"),
    ],
)
def test_microbatch__says_which_batch_failed_and_why(scenario, model, message):
    days = [{"id": day, "seen_at": datetime(2026, 1, day, 5)} for day in (1, 2)]
    scenario.given("events", days)
    with pytest.raises(DbtFailed, match=message):
        scenario.run(model, args=["--event-time-start", "2026-01-01", "--event-time-end", "2026-01-03"])


@since("1.10.1", "it has no microbatch", "dbt-duckdb")
def test_microbatch__reads_of_what_stands_in_the_rows_of_its_batch(scenario):
    scenario.given("events", [{"id": day, "seen_at": datetime(2026, 1, day, 5)} for day in (1, 2, 3)])
    scenario.run("all_batches", args=["--event-time-start", "2026-01-01", "--event-time-end", "2026-01-03"])
    scenario.expect("all_batches", [{"id": 1}, {"id": 2}])


def test_words__are_captured_and_in_the_failure(scenario, capsys):
    scenario.run("words")
    assert capsys.readouterr().out.split() == ["logged", "printed", "warned"]
    with pytest.raises(DbtFailed, match=r"dbt said:\n  logged\n  printed\n  warned"):
        scenario.run("failing_words")


@pytest.mark.parametrize(
    ("command", "select", "options", "place"),
    [
        ("run", "hooked", {}, "models/schema.yml:7: model hooked"),
        ("run", "hooked_by_the_project", {}, "dbt_project.yml:6: model hooked_by_the_project"),
        ("run", "quick", {"vars": {"fail": True}}, "dbt_project.yml:9: operation said-on-run-end-1"),
        pytest.param(
            "build",
            "plus",
            {},
            "functions/plus.sql:1: function plus",
            marks=since("1.11", "there are no functions", "dbt-core"),
        ),
    ],
)
def test_failure__stands_where_it_is_written(said, scenario, command, select, options, place):
    with pytest.raises(DbtFailed) as caught:
        getattr(scenario, command)(select, **options)
    assert str(caught.value).startswith(f"{said.path}/{place}: ")


@version_1_alone("version 2 does not check semantic models")
def test_semantic_models__without_a_time_spine(make_project, tmp_path):
    """dbt parses such a project, and then each of its commands fails."""
    write = {
        "dbt_project.yml": "name: spineless\nprofile: spineless\n",
        "models/m.sql": "select 1 as id",
        "models/s.yml": "semantic_models: [{name: ms, model: ref('m'), entities: [{name: id, type: primary}]}]\n",
    }
    (tmp_path / "models").mkdir()
    for name, content in write.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(DbtFailed, match="requires a time spine model"):
        make_project(project_dir=tmp_path).view()


@version_1_alone("version 2 does not check semantic models")
def test_semantic_models__what_is_wrong_with_them(make_project, tmp_path):
    (tmp_path / "dbt_project.yml").write_text("name: meant\nprofile: meant\n")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "orders.sql").write_text("select 1 as id, 2 as amount, date '2026-01-01' as day")
    (tmp_path / "models" / "days.sql").write_text("select date '2026-01-01' as day")
    (tmp_path / "models" / "schema.yml").write_text("""
models:
  - name: days
    time_spine: {standard_granularity_column: day}
    columns: [{name: day, granularity: day}]
semantic_models:
  - name: Bad-Name
    model: ref('orders')
    defaults: {agg_time_dimension: day}
    entities: [{name: id, type: primary}]
    dimensions: [{name: day, type: time, type_params: {time_granularity: day}}]
    measures: [{name: amount, agg: sum}]
metrics:
  - {name: total, label: Total, type: simple, type_params: {measure: amount}}
""")
    with pytest.raises(DbtFailed, match=r"Semantic Manifest validation failed.*\n(.*\n)*.*Bad-Name.*"):
        make_project(project_dir=tmp_path).view()


class TimedOut(BaseException):
    """What pytest-timeout raises is no `Exception` either."""


@contextmanager
def timing_out(seconds):
    def stop(*_arguments):
        raise TimedOut

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with pytest.raises(TimedOut):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_time_out__ends_the_query_and_the_next_run_works(scenario):
    scenario.run("quick")
    with timing_out(1):
        scenario.run("slow")
    scenario.run("quick")
    scenario.expect("quick", [{"id": 1}])


def test_time_out__ends_the_query_of_a_server(make_project, tmp_path, shop_database):
    server = shop_database
    output = {
        "type": "postgres", "host": server.host, "port": server.port, "user": server.user, "password": "",
        "dbname": server.database, "schema": "public", "threads": 1,
    }  # fmt: skip
    write(tmp_path, {
        "dbt_project.yml": "name: served\nprofile: served\n",
        "profiles.yml": json.dumps({"served": {"target": "ci", "outputs": {"ci": output}}}),
        "models/slow.sql": "{{ config(materialized='table') }} select 1 as id from pg_sleep(600)",
        "models/quick.sql": "select 1 as id",
    })  # fmt: skip
    with closing(open_scenario(make_project(project_dir=tmp_path, target="ci"), lambda _kind, _data: None)) as dbt:
        dbt.run("quick")
        with timing_out(1):
            dbt.run("slow")
        dbt.run("quick")
        dbt.expect("quick", [{"id": 1}])
    assert not server.execute(
        "select 1 from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()"
    )


def test_schema__that_a_test_makes_beside_its_own_is_dropped(said, scenario):
    scenario.run("quick")
    scenario.sql("create schema {{ target.schema }}_mine")
    scenario.close()
    names = said.connect("main").execute("select schema_name from information_schema.schemata").fetchall()
    assert not [name for (name,) in names if name.startswith(scenario.schema)]


def test_hooks_of_the_project__may_write_anywhere_in_the_embedded_database(make_project, tmp_path):
    (tmp_path / "dbt_project.yml").write_text("""
name: hooks
profile: hooks
on-run-start:
  - create schema if not exists audit
  - create table if not exists audit.runs (name varchar)
  - insert into audit.runs values ('{{ invocation_id }}')
""")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one.sql").write_text("select count(*) as n from audit.runs")
    with closing(open_scenario(make_project(project_dir=tmp_path), lambda _kind, _data: None)) as dbt:
        dbt.run()
        dbt.expect("one", [{"n": 1}])
