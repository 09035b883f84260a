"""The reusable workflow, its jobs run as their steps stand, on the example pipeline."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from actions_runner import ROOT, Runner
from report_lines import lines_but_for_times
from workflow_runner import COMMIT, Ran, Service

WORKFLOW = ROOT / ".github/workflows/pipeline-tests.yml"
TESTS = "tests/test_handlers.py tests/test_validation.py tests/test_fulfilment.py"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    repository = tmp_path / "repository"
    shutil.copytree(ROOT / "examples/orders", repository)
    return Service(tmp_path / "service", repository)


def log(jobs: dict[str, list[Ran]]) -> str:
    return "\n".join(f"==== {name}\n{job.log}" for name, ran in jobs.items() for job in ran)


def run_whole(service: Service) -> Path:
    """Run the same tests in one job; give the folder of its report."""
    workspace, folder = service.make_workspace(), service.folder / "whole"
    shutil.copytree(service.repository, workspace, dirs_exist_ok=True)
    folder.mkdir()
    step = Runner(folder).run(workspace, tests=TESTS, install="none")
    assert step.exit_code == 1, step.log
    return workspace / "pipeproof-report"


def report(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((service.artifacts / "pipeproof-report/report.json").read_text())
    return document


def test_three_shards_of_the_example__one_failing_then_mended(service: Service) -> None:
    source = service.repository / "tests/test_validation.py"
    whole = source.read_text()
    source.write_text(f"{whole}\n\ndef test_that_fails():\n    assert 1 == 2\n")
    jobs = service.call(WORKFLOW, shards=3, tests=TESTS, install="none", attest=True)

    assert [job.result for job in jobs["test"]] == ["success"] * 3, log(jobs)
    assert jobs["report"][0].result == "failure"
    failed = [test["name"] for test in report(service)["results"]["tests"] if test["status"] == "failed"]
    assert failed == ["test_that_fails"]
    outputs = jobs["report"][0].outputs
    assert (outputs["conclusion"], outputs["failed"]) == ("failure", "1")
    ids = [test["extra"]["id"] for test in report(service)["results"]["tests"]]
    assert len(ids) == len(set(ids)) == int(outputs["tests"]) > 10
    parts = [service.artifacts / f"pipeproof-shard-{n}/report.json" for n in (1, 2, 3)]
    counts = [len(json.loads(part.read_text())["results"]["tests"]) for part in parts]
    assert sum(counts) == len(ids)
    assert all(counts)
    whole_report = run_whole(service)
    for name in ("report.json", "junit.xml", "failures.sarif", "summary.md", "cobertura.xml"):
        merged = lines_but_for_times(service.artifacts / "pipeproof-report" / name)
        assert merged == lines_but_for_times(whole_report / name), name
    attested = jobs["attest"][0].attested
    assert attested is not None
    assert (attested["commit"], attested["predicate"]["result"]) == (COMMIT, "FAILED")

    source.write_text(whole)
    service.run_id = "43"
    again = service.call(WORKFLOW, shards=1, tests="tests/test_validation.py", install="none", attest=True)
    assert {name: [job.result for job in ran] for name, ran in again.items()} == {
        name: ["success"] for name in ("plan", "test", "report", "attest")
    }, log(again)
    assert again["plan"][0].outputs == {"shards": "[1]", "durations": "true"}
    mended = again["attest"][0].attested
    assert mended is not None
    assert mended["predicate"]["result"] == "PASSED"


@pytest.mark.parametrize("shards", [0, 257, "3; echo 4"])
def test_a_number_of_shards_that_is_none__is_refused(shards: object, service: Service) -> None:
    jobs = service.call(WORKFLOW, shards=shards)
    assert [ran[0].result for ran in jobs.values()] == ["failure", "skipped", "skipped", "skipped"]
    assert "is not valid; allowed: a whole number from 1 to 256" in jobs["plan"][0].log


def test_jobs__have_the_least_rights() -> None:
    """No job has a right for all of it, and none that runs tests may write anything."""
    document = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    rights = {name: job["permissions"] for name, job in document["jobs"].items()}
    assert document["permissions"] == {}
    assert rights == {
        "plan": {},
        "test": {"actions": "read", "contents": "read", "id-token": "write"},
        "report": {"actions": "read", "contents": "read", "pull-requests": "write"},
        "attest": {"attestations": "write", "id-token": "write"},
    }
    assert not any("pipeproof" in str(step.get("uses")) for step in document["jobs"]["attest"]["steps"])
