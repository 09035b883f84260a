"""The fixture `dbt`, from outside."""

import json
from pathlib import Path

import pytest
from dbt_versions import version_1_alone

PROJECT = {
    "dbt_project.yml": """
        name: tiny
        version: "1.0"
        profile: there_is_none
    """,
    "models/totals.sql": """
        select customer, sum(amount) as total
        from {{ source('shop', 'orders') }}
        group by customer
    """,
    "models/broken.sql": """
        select
            1 as one,
            nonsense + 1 as two
    """,
    "models/schema.yml": """
        version: 2
        sources:
          - name: shop
            tables:
              - name: orders
    """,
}


@pytest.fixture
def project(pytester):
    """A dbt project in `pipeline/`, and a run of pytest in a process of its own."""
    for name, content in PROJECT.items():
        path = pytester.path / "pipeline" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = content.strip("\n").splitlines()
        path.write_text("\n".join(line[8:] for line in lines) + "\n")
    return pytester


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_dbt__embedded_without_any_setup(project):
    """The project is found, its files are as they were, each test has a schema, and what ran is on record."""
    before = files_of(project.path / "pipeline")
    project.makeconftest(
        """
        import json
        import pytest
        from pipeproof.plugin.evidence import RECORDS

        @pytest.hookimpl(trylast=True)
        def pytest_runtest_teardown(item):
            with open("evidence.jsonl", "a") as file:
                file.write(json.dumps([item.name, item.stash.get(RECORDS, [])]) + "\\n")
        """
    )
    project.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("amount", [1, 2.5])
        def test_totals(dbt, amount):
            dbt.given("shop.orders", [{"customer": "Ann", "amount": amount}, {"customer": "Ann", "amount": 1}])
            dbt.run("totals")
            dbt.expect("totals", [{"customer": "Ann", "total": amount + 1}])
            print("SCHEMA", dbt.schema)

        def test_project(dbt):
            assert dbt.project.name == "tiny"
            assert dbt.project.adapter == "duckdb"
            assert {node["name"] for node in dbt.project.nodes} == {"totals", "broken", "shop.orders"}

        def test_broken(dbt):
            dbt.run("broken")
        """
    )
    result = project.runpytest_subprocess("-rA", "-n", "2", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, failed=1)
    schemas = {line for line in result.outlines if line.startswith("SCHEMA pipeproof_")}
    assert len(schemas) == 2
    result.stdout.fnmatch_lines(["E * */pipeline/models/broken.sql:3: model broken: *nonsense*"])
    assert files_of(project.path / "pipeline") == before
    records = [json.loads(line) for line in Path("evidence.jsonl").read_text().splitlines()]
    runs = [
        record["data"]
        for name, found in records
        for record in found
        if name == "test_totals[1]" and record["kind"] == "dbt.run"
    ]
    assert [(run["command"], run["select"], run["given"]) for run in runs] == [
        ("run", ["totals"], ["source.tiny.shop.orders"])
    ]
    assert [(node["name"], node["status"]) for node in runs[0]["nodes"]] == [("totals", "success")]
    described = [record for _, found in records for record in found if record["kind"] == "dbt.project"]
    assert described
    assert {node["name"]: node["tests"] for node in described[0]["data"]["nodes"]} == {
        "totals": 0,
        "broken": 0,
        "shop.orders": 0,
    }


@version_1_alone("it is about the Python entry of version 1")
def test_dbt__a_test_that_runs_dbt_by_itself_leaves_the_next_one_its_database(project):
    """dbt keeps one adapter a process: after another project's run it is that project's, with its database."""
    project.makepyfile(
        """
        from dbt.cli.main import dbtRunner

        def totals(dbt):
            dbt.given("shop.orders", [{"customer": "Ann", "amount": 1}])
            dbt.run("totals")
            dbt.expect("totals", [{"customer": "Ann", "total": 1}])

        def test_before(dbt):
            totals(dbt)

        def test_by_itself(tmp_path, monkeypatch):
            (tmp_path / "dbt_project.yml").write_text("{name: other, version: '1.0', profile: other}")
            (tmp_path / "profiles.yml").write_text(
                "other: {target: dev, outputs: {dev: {type: duckdb, path: other.duckdb, schema: main}}}"
            )
            monkeypatch.chdir(tmp_path)
            assert dbtRunner().invoke(["show", "--inline", "select 1", "--quiet"]).success

        def test_after(dbt):
            totals(dbt)
        """
    )
    project.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly").assert_outcomes(passed=3)


@version_1_alone("with version 2 there is the embedded database alone")
def test_dbt__a_duckdb_of_the_projects_profile(project):
    """Its connections have one cursor for all, and no transaction that could be rolled back."""
    project.path.joinpath("profiles.yml").write_text(
        "there_is_none: {target: dev, outputs: {dev: {type: duckdb, path: dev.duckdb}}}"
    )
    project.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("amount", [1, 2])
        def test_totals(dbt, amount):
            dbt.given("shop.orders", [{"customer": "Ann", "amount": amount}])
            dbt.run("totals")
            dbt.expect("totals", [{"customer": "Ann", "total": amount}])
            assert dbt.rows("totals") == [{"customer": "Ann", "total": amount}]
        """
    )
    options = ["--pipeproof-dbt-target", "dev", "-p", "no:cacheprovider"]
    project.runpytest_subprocess(*options).assert_outcomes(passed=2)


def test_dbt__no_project(pytester):
    pytester.makepyfile("def test_it(dbt): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E * no dbt_project.yml at or below *"])


def test_plugin__loads_nothing_heavy(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert not {"dbt", "duckdb", "pyarrow", "agate"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


SEEDED = {
    "seeds/customers.csv": """
        id,name
        1,Ann
        1,Bob
    """,
    "models/people.sql": """
        select id, name from {{ ref('customers') }}
    """,
    "models/people.yml": """
        version: 2
        models:
          - name: people
            columns:
              - name: id
                data_tests:
                  - not_null
                  - unique
          - name: totals
            columns:
              - name: total
                data_tests: [not_null]
        unit_tests:
          - name: amounts_are_added
            model: totals
            given:
              - input: source('shop', 'orders')
                rows: [{customer: Ann, amount: 1}, {customer: Ann, amount: 2}]
            expect:
              rows: [{customer: Ann, total: 3}]
    """,
    "tests/nobody_is_called_bob.sql": """
        {{ config(severity='warn') }}
        select * from {{ ref('people') }} where name = 'Bob'
    """,
}


@pytest.fixture
def seeded(project):
    for name, content in SEEDED.items():
        path = project.path / "pipeline" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line[8:] for line in content.strip("\n").splitlines()) + "\n")
    return project


def test_dbt_tests__a_suite_without_a_python_test(seeded):
    """Each is an item with its name and line; sources without rows make data tests skip, not unit tests."""
    result = seeded.runpytest_subprocess("--dbt-tests", "-n", "2", "-rA", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=3, failed=1, skipped=1, warnings=1)
    result.stdout.fnmatch_lines_random(
        [
            "PASSED pipeline/dbt_project.yml::not_null_people_id",
            "PASSED pipeline/dbt_project.yml::amounts_are_added",
            "PASSED pipeline/dbt_project.yml::nobody_is_called_bob",
            "FAILED pipeline/dbt_project.yml::unique_people_id*",
            "*pipeline/models/people.yml:8: test unique_people_id: Got 1 result, configured to fail if != 0",
            "SKIPPED *there are no rows of shop.orders in the embedded database",
        ]
    )


def test_dbt_tests__only_when_asked_for(seeded):
    """Plain pytest collects none; one can be run by its node id; `--no-dbt-tests` takes `--dbt-tests` back."""
    assert seeded.runpytest_subprocess("-p", "no:cacheprovider").ret == pytest.ExitCode.NO_TESTS_COLLECTED
    off = seeded.runpytest_subprocess("-p", "no:cacheprovider", "--dbt-tests", "--no-dbt-tests")
    assert off.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    one = seeded.runpytest_subprocess("-p", "no:cacheprovider", "pipeline/dbt_project.yml::not_null_people_id")
    one.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("not_nul_people_id", "did you mean not_null_people_id or *?"),
        ("zzz", "`--dbt-tests --collect-only` lists those that there are"),
    ],
)
def test_dbt_tests__a_node_id_of_a_test_that_is_not_there(seeded, name, hint):
    result = seeded.runpytest_subprocess("-p", "no:cacheprovider", f"pipeline/dbt_project.yml::{name}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: not found: *", f"ERROR: the dbt project has no test '{name}': {hint}"])
