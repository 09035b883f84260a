"""The project's own requirements, laid over what is installed: its pins win, and the plugin still works."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Project = Callable[[Mapping[str, str]], Path]

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "shop"
version = "3.2.1"
requires-python = ">=3.11"
dependencies = []

[project.optional-dependencies]
test = ["iniconfig==2.0.0"]

[project.entry-points."shop.plugins"]
one = "shop:PRICE"
"""


def statuses(step: Any) -> dict[str, str]:
    return {test["name"]: test["rawStatus"] for test in step.report["results"]["tests"]}


def test_install__a_pin_of_another_pytest_is_what_the_tests_run_with(runner: Any, project: Project) -> None:
    workspace = project(
        {
            "requirements.txt": "pytest==8.3.5\n",
            "test_it.py": "import pytest\ndef test_version():\n    assert pytest.__version__ == '8.3.5'\n"
            "def test_fails():\n    assert 1 == 2\n",
        }
    )
    step = runner.run(workspace)
    assert statuses(step) == {"test_version": "passed", "test_fails": "failed"}, step.log
    assert step.annotations == [("test_it.py", 5)]
    assert step.report["results"]["tool"]["version"] == "8.3.5"


def test_install__a_project_with_a_src_layout_and_a_test_extra(runner: Any, project: Project) -> None:
    """It is installed editable: what fails in it is annotated in the workspace, not in a copy."""
    workspace = project(
        {
            "pyproject.toml": PYPROJECT,
            "src/shop/__init__.py": "PRICE = 3\n\n\ndef total(count):\n    return PRICE * count['missing']\n",
            "tests/test_it.py": "from importlib.metadata import entry_points, version\nimport shop\n"
            "def test_extra():\n    assert version('iniconfig') == '2.0.0'\n"
            "def test_metadata():\n    assert [e.load() for e in entry_points(group='shop.plugins')] == [3]\n"
            "def test_fails():\n    shop.total({})\n",
        }
    )
    step = runner.run(workspace)
    assert statuses(step) == {"test_extra": "passed", "test_metadata": "passed", "test_fails": "failed"}, step.log
    assert step.annotations == [("src/shop/__init__.py", 5)]


def test_install__the_lock_of_uv_comes_first(runner: Any, project: Project) -> None:
    workspace = project(
        {
            "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n'
            'dependencies = ["iniconfig"]\n',
            "requirements.txt": "iniconfig==2.1.0\n",
            "uv.lock": 'version = 1\nrequires-python = ">=3.11"\n\n[[package]]\nname = "iniconfig"\nversion = "2.0.0"\n'
            'source = { registry = "https://index.invalid/simple" }\n\n[[package]]\nname = "shop"\nversion = "1"\n'
            'source = { virtual = "." }\ndependencies = [\n    { name = "iniconfig" },\n]\n\n[package.metadata]\n'
            'requires-dist = [{ name = "iniconfig" }]\n',
            "test_it.py": "from importlib.metadata import version\n"
            "def test_version():\n    assert version('iniconfig') == '2.0.0'\n",
        }
    )
    step = runner.run(workspace)
    assert statuses(step) == {"test_version": "passed"}, step.log


def test_install__a_pin_that_the_plugin_cannot_work_with_is_refused(runner: Any, project: Project) -> None:
    workspace = project({"requirements.txt": "pytest==7.0.0\n", "test_it.py": "def test_it(): pass\n"})
    step = runner.run(workspace)
    assert step.exit_code == 4
    assert "requirements.txt" in step.log
    assert "pytest==7.0.0" in step.log
    assert "because" in step.log.lower(), "the resolver's own words"


def test_install__nothing_is_installed_where_nothing_is_missing(runner: Any, project: Project) -> None:
    code = "import sys\ndef test_it():\n    assert 'pipeproof-' not in sys.prefix\n"
    workspace = project({"requirements.txt": "pytest>=8\nboto3\n", "test_it.py": code})
    runner.environment["UV_OFFLINE"] = "1"
    step = runner.run(workspace)
    assert step.exit_code == 0, step.log
    assert "nothing is missing" in step.log


def test_install__none_installs_nothing(runner: Any, project: Project) -> None:
    workspace = project({"requirements.txt": "a-package-that-nobody-has==1\n", "test_it.py": "def test_it(): pass\n"})
    assert runner.run(workspace, install="none").exit_code == 0


def test_environment__switches_that_messages_advise_reach_the_tests(runner: Any, project: Project) -> None:
    """What a warning or an error tells to set in the workflow's `env:` is what the tests then find."""
    advised = {"PIPEPROOF_PATCHES": "none", "PIPEPROOF_DBT_ALLOW_TARGET": "ci"}
    runner.environment |= advised
    code = f"import os\ndef test_it():\n    assert {advised} == {{name: os.environ.get(name) for name in {advised}}}\n"
    step = runner.run(project({"test_it.py": code}), install="none")
    assert step.outputs["passed"] == "1", step.log


def test_install__arguments_of_uv_pip_install(runner: Any, project: Project) -> None:
    workspace = project(
        {
            "ci/dev.txt": "iniconfig==2.0.0\n",
            "test_it.py": "from importlib.metadata import version\n"
            "def test_version():\n    assert version('iniconfig') == '2.0.0'\n",
        }
    )
    step = runner.run(workspace, install="-r ci/dev.txt")
    assert statuses(step) == {"test_version": "passed"}, step.log


@pytest.mark.parametrize("folder", ["pipelines/orders", "größe mit blank"])
def test_working_directory__is_where_the_tests_run(folder: str, runner: Any, project: Project) -> None:
    """Annotations still name files from the workspace."""
    workspace = project({f"{folder}/test_it.py": "def test_it():\n    assert 0\n", "test_other.py": "nonsense"})
    step = runner.run(workspace, working_directory=folder, install="none")
    assert step.annotations == [(f"{folder}/test_it.py", 2)]


def test_workers__two_give_the_results_of_one(runner: Any, project: Project) -> None:
    code = "import pytest\n@pytest.mark.parametrize('n', range(20))\ndef test_it(n):\n    assert n % 5\n"
    workspace = project({"test_it.py": code})
    alone = runner.run(workspace, install="none")
    together = runner.run(workspace, install="none", workers="2")
    assert statuses(alone) == statuses(together)
    assert sorted(alone.annotations) == sorted(together.annotations) == [("test_it.py", 4)] * 4


def test_shards__divide_the_suite_and_baseline__tells_what_changed(runner: Any, project: Project) -> None:
    code = "import os, pytest\n@pytest.mark.parametrize('n', range(6))\ndef test_it(n):\n    assert n != {broken}\n"
    workspace = project({"test_it.py": code.format(broken=2)})
    parts = [runner.run(workspace, install="none", shard=f"{n}/2", report_dir=f"before/{n}") for n in (1, 2)]
    names = [set(statuses(part)) for part in parts]
    assert names[0] | names[1] == {f"test_it[{n}]" for n in range(6)}
    assert not names[0] & names[1]

    same = runner.run(workspace, install="none", baseline="before", fail_on="regressions")
    assert same.exit_code == 0
    assert same.outputs["conclusion"] == "failure"

    (workspace / "test_it.py").write_text(code.format(broken=3))
    worse = runner.run(workspace, install="none", baseline="before", fail_on="regressions")
    assert worse.exit_code == 1
    assert "newly failing" in worse.summary
    assert "fixed" in worse.summary
