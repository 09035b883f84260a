"""Coverage of one definition is one, however its path is written."""

import json
from pathlib import Path

import pytest

from pipeproof import StateMachine
from pipeproof.stepfunctions.reporting.coverage import Coverage, measure_coverage, merge_coverages


def test_coverage__paths_of_one_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    (tmp_path / "machines").mkdir()
    (tmp_path / "machines" / "order.asl.json").write_text(json.dumps(machine))
    (tmp_path / "link.asl.json").symlink_to(tmp_path / "machines" / "order.asl.json")
    monkeypatch.chdir(tmp_path)
    written = (
        "machines/order.asl.json",
        "machines/../machines/order.asl.json",
        str(tmp_path / "machines/order.asl.json"),
    )
    coverages = []
    for path in (*written, "link.asl.json"):
        made = StateMachine(path, name="order")
        coverages.append(measure_coverage(made.definition, made.run({}).hits))
    (merged,) = merge_coverages(coverages)
    assert merged.items["state:Done"] == 4


def test_coverage__tells_what_a_state_holds() -> None:
    inner = {"StartAt": "Price", "States": {"Price": {"Type": "Pass", "End": True}}}
    other = {"StartAt": "Stock", "States": {"Stock": {"Type": "Pass", "End": True}}}
    made = StateMachine(
        {
            "StartAt": "Lines",
            "States": {
                "Lines": {"Type": "Map", "ItemProcessor": inner, "Next": "Both"},
                "Both": {"Type": "Parallel", "Branches": [other], "End": True},
            },
        }
    )
    coverage = measure_coverage(made.definition, made.run([1]).hits)
    (merged,) = merge_coverages([coverage, Coverage.from_dict(coverage.to_dict())])
    assert merged.inside == {"Price": "Lines", "Stock": "Both"}
