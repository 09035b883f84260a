"""GitLab's and Buildkite's logs, and what they show beside them."""

import io
import json
from pathlib import Path

import pytest

from pipeproof.outlets.buildkite import Buildkite
from pipeproof.outlets.choice import choose_outlet
from pipeproof.outlets.gitlab import GitLab
from pipeproof.outlets.terminal import Terminal
from pipeproof.outlets.workflow import Workflow
from pipeproof.report.code_quality import render_code_quality
from pipeproof.results.model import Failure, Run, Status, TestResult


@pytest.mark.parametrize(
    ("environ", "kind"),
    [({}, Terminal), ({"CI": "true"}, Terminal), ({"GITLAB_CI": "true"}, GitLab), ({"BUILDKITE": "true"}, Buildkite)],
)
def test_outlet__is_chosen_by_the_variables_of_the_ci(environ: dict[str, str], kind: type, tmp_path: Path) -> None:
    assert type(choose_outlet(environ, tmp_path, None)) is kind
    assert type(choose_outlet(environ, tmp_path, {})) is Workflow


def test_gitlab__folds_a_group_and_no_line_of_a_test_begins_one(tmp_path: Path) -> None:
    log = io.StringIO()
    outlet = GitLab(tmp_path, log)
    with outlet.group("Run the tests"):
        outlet.pass_on("\x1b[0Ksection_start:1:fake\r\x1b[0Kfake")
    assert log.getvalue().count("\x1b[0Ksection_start:") == 1
    assert log.getvalue().count("\x1b[0Ksection_end:") == 1


def test_buildkite__no_line_of_a_test_begins_a_group(tmp_path: Path) -> None:
    log = io.StringIO()
    outlet = Buildkite(tmp_path, log)
    with outlet.group("Run the tests"):
        outlet.pass_on("+++ mine")
    assert log.getvalue() == "--- Run the tests\n +++ mine\n"


def agent(folder: Path, script: str) -> dict[str, str]:
    """Put a `buildkite-agent` on a path of its own."""
    (folder / "buildkite-agent").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "buildkite-agent").chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "BUILDKITE_STEP_ID": "s1"}


def test_buildkite__annotates_the_build_with_the_summary(tmp_path: Path) -> None:
    environ = agent(tmp_path, f'echo "$@" > {tmp_path}/arguments; cat > {tmp_path}/text')
    outlet = Buildkite(tmp_path, io.StringIO(), environ)
    outlet.redact = lambda text: text.replace("secret", "***")
    outlet.add_summary("## ❌ Orders: failed\n\nsecret")
    assert (tmp_path / "arguments").read_text() == "annotate --style error --context pipeproof-s1\n"
    assert (tmp_path / "text").read_text() == "## ❌ Orders: failed\n\n***"


def test_buildkite__an_agent_that_fails_is_warned_of_and_one_that_is_missing_is_not(tmp_path: Path) -> None:
    log = io.StringIO()
    Buildkite(tmp_path, log, {"PATH": str(tmp_path)}).add_summary("## ✅")
    assert log.getvalue() == ""
    Buildkite(tmp_path, log, agent(tmp_path, "cat > /dev/null; echo 'no access' >&2; exit 1")).add_summary("## ✅")
    assert "could not be annotated: no access" in log.getvalue()


def test_code_quality__has_each_cause_on_its_line(tmp_path: Path) -> None:
    failure = Failure("call", "KeyError", f"'sku' in {tmp_path}/shop/flow.py", "", "shop/flow.py", 16)
    away = Failure("call", "KeyError", "'x'", "", "/usr/lib/x.py", 1)
    results = (
        TestResult("a.py::a", "a.py", 1, Status.FAILED, failures=(failure,)),
        TestResult("a.py::b", "a.py", 1, Status.FAILED, failures=(failure,)),
        TestResult("a.py::c", "a.py", 1, Status.FAILED, failures=(away,)),
    )
    (issue,) = json.loads(render_code_quality(Run(results), tmp_path, {"a.py::b"}))
    assert issue["location"] == {"path": "shop/flow.py", "lines": {"begin": 16}}
    assert issue["severity"] == "critical"
    assert issue["description"] == "a.py::a: KeyError: 'sku' in shop/flow.py"
    moved = Run((TestResult("a.py::a", "a.py", 1, Status.FAILED, failures=(failure,)),))
    assert json.loads(render_code_quality(moved, tmp_path))[0]["fingerprint"] == issue["fingerprint"]
    assert json.loads(render_code_quality(Run(), tmp_path)) == []
