"""Which projects' own tests are collected: each its own, once; packages and links never."""

import pytest
from dbt_versions import given_to_test


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def project(name, value="1", **settings):
    """A project of one model, `<name>_model`, whose column is tested to be 1."""
    more = "".join(f"{key.replace('_', '-')}: {setting}\n" for key, setting in settings.items())
    model = f"{name}_model"
    columns = f"[{{name: id, data_tests: [{{accepted_values: {{name: one, {given_to_test('values: [1]')}}}}}]}}]"
    return {
        "dbt_project.yml": f"name: {name}\nprofile: there_is_none\n{more}",
        f"models/{model}.sql": f"select {value} as id",
        "models/schema.yml": f"models:\n  - name: {model}\n    columns: {columns}\n",
    }


def collect(pytester, *arguments):
    """The node ids, in order."""
    result = pytester.runpytest_subprocess("--collect-only", "-q", "-p", "no:cacheprovider", *arguments)
    return sorted(line for line in result.outlines if "::" in line)


def test_own_tests__of_packages_and_behind_links_are_not_collected(pytester):
    """Packages bring their own tests of themselves, also those that are installed beside the project."""
    write(pytester.path / "transform", project("shop", packages_install_path="../vendor"))
    write(pytester.path / "transform" / "dbt_packages" / "old", project("old"))
    write(pytester.path / "transform", {"packages.yml": "packages: [{local: ../helper}]"})  # dbt 1.12 counts them
    write(pytester.path / "vendor" / "helper", project("helper"))
    write(pytester.path / "vendor" / "helper" / "integration_tests", project("helper_tests"))
    (pytester.path / "again").symlink_to(pytester.path / "transform", target_is_directory=True)
    (pytester.path / "transform" / "round").symlink_to(pytester.path, target_is_directory=True)
    pytester.makepyfile("def test_it():\n    pass\n")
    python = "test_own_tests__of_packages_and_behind_links_are_not_collected.py::test_it"
    assert collect(pytester, "--dbt-tests") == [python, "transform/dbt_project.yml::one"]


def test_own_tests__are_named_to_pytest_only_where_it_would_not_come_by_them(pytester):
    """Named beside the folder that they are in they are all that pytest 8 runs of it."""
    write(pytester.path / "transform", project("shop"))
    pytester.makepyfile("def test_it():\n    pass\n")
    pytester.makeconftest("def pytest_collection_finish(session):\n    print('arguments', len(session.config.args))\n")
    file = next(pytester.path.glob("test_*.py"))
    for given, count in (((), 1), ((pytester.path,), 1), ((file,), 2)):
        result = pytester.runpytest_subprocess("--dbt-tests", "--collect-only", "-p", "no:cacheprovider", *given)
        result.stdout.fnmatch_lines([f"*arguments {count}", "*2 tests collected*"])


def test_own_tests__of_two_projects(pytester):
    """Each runs its own, in databases of their own; `--dbt-tests` with one of them named stands for that one alone."""
    write(pytester.path / "first", project("first"))
    write(pytester.path / "second", project("second", value="2"))
    result = pytester.runpytest_subprocess("--dbt-tests", "-p", "no:cacheprovider", "-rA")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines_random(
        ["PASSED first/dbt_project.yml::one", "FAILED second/dbt_project.yml::one*", "*/second/models/schema.yml:3: *"]
    )
    named = ("--dbt-tests", "--pipeproof-dbt-project-dir", "second")
    assert collect(pytester, *named) == ["second/dbt_project.yml::one"]
    assert collect(pytester, "first/dbt_project.yml") == ["first/dbt_project.yml::one"]


def test_own_tests__of_the_project_in_the_working_directory(pytester, monkeypatch):
    """pytest's root may be above it, and may be another project's."""
    pytester.makeini("[pytest]\n")
    write(pytester.path, project("outer"))
    inner = pytester.path / "integration_tests"
    write(inner, project("inner"))
    (inner / "test_it.py").write_text("def test_it(dbt):\n    dbt.run('inner_model')\n")
    monkeypatch.chdir(inner)
    for named in ((), ("--pipeproof-dbt-project-dir", ".")):
        result = pytester.runpytest_subprocess("--dbt-tests", "-p", "no:cacheprovider", "-rA", *named)
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines(["PASSED *dbt_project.yml::one"])


@pytest.mark.parametrize("target", ["missing", "models"])
def test_own_tests__of_a_folder_that_holds_no_project(pytester, target):
    write(pytester.path, project("shop"))
    result = pytester.runpytest_subprocess("--dbt-tests", "--pipeproof-dbt-project-dir", target)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: dbt-project-dir: there is no dbt_project.yml in */{target}"])
