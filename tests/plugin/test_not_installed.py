"""What a fixture says where what it stands on is not installed."""

import pytest

PROJECT = "name: shop\nprofile: shop\nmodel-paths: [models]\n"


@pytest.fixture
def without(pytester):
    """Run a test file where modules cannot be imported, each test to fail; gives the run."""

    def run(source, *modules, arguments=(), **variables):
        lines = [
            f"import os, sys; os.environ.update({variables!r})",
            *(f"sys.modules[{name!r}] = None" for name in modules),
        ]
        pytester.path.joinpath("hiding.py").write_text("\n".join(lines))
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", "hiding", "-p", "no:randomly", *arguments)

    return run


@pytest.mark.parametrize(
    ("arguments", "modules", "message"),
    [
        (
            "run_flow",
            ["prefect"],
            "pipeproof.SetupError: Prefect is not installed: install pipeproof[prefect], or add prefect to",
        ),
        ("call_fn", ["prefect"], "Prefect is not installed: install pipeproof[prefect]"),
        (
            "fresh_prefect_server",
            ["aiosqlite"],
            "aiosqlite, which Prefect needs here, is not installed: install pipepr",
        ),
        ("aws", ["moto"], "moto is not installed: install pipeproof[aws], or add moto to the requirements"),
        ("aws_server", ["moto"], "moto is not installed: install pipeproof[aws]"),
        ("aws", ["boto3"], "boto3, which moto needs here, is not installed: install pipeproof[aws], or add boto3 to"),
    ],
)
def test_fixture(without, arguments, modules, message):
    result = without(f"def test_it({arguments}):\n    pass\n", *modules)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"E *{message.replace('[', '[[]')}*"])
    result.stdout.no_fnmatch_line("E *ModuleNotFoundError*")


@pytest.fixture
def shop(pytester):
    """A dbt project."""
    pytester.path.joinpath("dbt_project.yml").write_text(PROJECT)
    pytester.mkdir("models").joinpath("one.sql").write_text("select 1 as id")


@pytest.mark.usefixtures("shop")
def test_dbt__nowhere(without, pytester):
    nowhere = str(pytester.mkdir("nowhere"))
    pytester.makeconftest(f"import sys; sys.executable = {nowhere + '/python'!r}")
    result = without("def test_it(dbt):\n    pass\n", "dbt", "duckdb", PATH=nowhere)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["E *dbt is not installed: install pipeproof[[]dbt], or add dbt-duckdb to the requirements"]
    )


@pytest.mark.usefixtures("shop")
def test_dbt_tests__nowhere(without, pytester):
    """`pipeproof run` collects a project's own tests; who installed Prefect alone may want to leave them out."""
    nowhere = str(pytester.mkdir("nowhere"))
    pytester.makeconftest(f"import sys; sys.executable = {nowhere + '/python'!r}")
    result = without("def test_it():\n    pass\n", "dbt", "duckdb", arguments=["--dbt-tests"], PATH=nowhere)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["dbt is not installed: *", "*`--no-dbt-tests` leaves out the dbt project's own tests"], consecutive=True
    )


@pytest.mark.usefixtures("shop")
def test_dbt__executable_of_another_environment(without, pytester):
    other = pytester.mkdir("other")
    program = other / "dbt"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    pytester.makeconftest(f"import sys; sys.executable = {str(other / 'python')!r}")
    result = without("def test_it(dbt):\n    pass\n", "dbt", "duckdb", PATH=str(other))
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [f"E *duckdb, into which {program} builds *is not installed: install pipeproof[[]dbt]*"]
    )
