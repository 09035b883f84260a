"""Shards and their merged report, by the action as the runner starts it."""

from pathlib import Path
from typing import Any

from report_lines import lines_but_for_times

SUITE = {
    "test_orders.py": """
import warnings
import pytest


@pytest.fixture(scope="module")
def table():
    return {}


def test_passes(table, record_property):
    record_property("rows", 3)
    print("three rows")


def test_fails(table):
    assert [1, 2] == [1, 3]


def test_fails_and_is_excused(table):
    assert False


@pytest.mark.parametrize("n", range(6))
def test_numbers(n):
    warnings.warn("in a test", UserWarning)
    assert n != 4


@pytest.mark.skip(reason="not today")
def test_skipped():
    pass


@pytest.mark.xfail(reason="known")
def test_expected():
    assert False
""",
    "test_setup.py": "import pytest\n\n\n@pytest.fixture\ndef broken():\n    raise OSError('no disk')\n\n\n"
    "def test_it(broken):\n    pass\n",
    "test_left_out.py": "import pytest\npytest.skip('needs a GPU', allow_module_level=True)\n",
    "quarantine.yml": "- {test: test_orders.py::test_fails_and_is_excused, reason: r, owner: o, expires: 2999-12-31}\n",
}
FILES = ("report.json", "junit.xml", "failures.sarif", "summary.md", "test-result.intoto.json")


def test_merged_shards__are_the_run_of_the_whole_suite(
    runner: Any, runner_class: Any, project: Any, tmp_path: Path
) -> None:
    workspace = project(SUITE)
    runners = []
    for number in range(4):
        folder = tmp_path / f"runner-{number}"
        folder.mkdir()
        runners.append(runner_class(folder))
    judged = {"install": "none", "title": "Orders", "quarantine": "quarantine.yml"}
    asked = [judged | {"report-dir": "whole"}]
    asked += [{"install": "none", "shard": f"{n}/3", "report-dir": f"parts/{n}"} for n in (1, 2, 3)]
    asked[2]["workers"] = "2"  # its controller collects nothing itself
    started = [one.start(workspace, inputs) for one, inputs in zip(runners, asked, strict=True)]
    whole, *parts = [one.finish(process, workspace) for one, process in zip(runners, started, strict=True)]
    assert [part.exit_code for part in parts].count(1) >= 2, "\n".join(part.log for part in parts)
    merged = runner.run(workspace, merge="parts", report_dir="merged", **judged)

    assert (whole.exit_code, merged.exit_code) == (1, 1), merged.log
    for name in FILES:
        merged_lines = lines_but_for_times(workspace / "merged" / name)
        assert merged_lines == lines_but_for_times(workspace / "whole" / name), name
    same = {name for name, value in whole.outputs.items() if "whole" not in value} - {"duration"}
    assert {name: merged.outputs[name] for name in same} == {name: whole.outputs[name] for name in same}
    assert merged.annotations == whole.annotations

    (workspace / "parts/2/shard.json").unlink()
    lacking = runner.run(workspace, merge="parts", report_dir="lacking", install="none", fail_on="never")
    assert lacking.exit_code == 2
    assert "merge: shard 2/3 is missing" in lacking.summary
    assert lacking.report["results"]["tests"]
