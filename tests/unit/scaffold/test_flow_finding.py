"""Flows are found in the source, with what their tasks do outside of the process."""

import json
from pathlib import Path

import pytest

from pipeproof.scaffold.flows.finding import FlowSource, find_flows
from pipeproof.scaffold.flows.probing import dump_flow, probe, read_flow
from pipeproof.scaffold.flows.samples import UNKNOWN, Record, sample

PROJECT = Path(__file__).parents[2] / "integration" / "init" / "projects" / "flows"


def _flows(tmp_path: Path, text: str) -> list[FlowSource]:
    (tmp_path / "pipeline.py").write_text(text)
    return find_flows(tmp_path, [tmp_path / "pipeline.py"])


def test_find_flows__tasks_of_other_modules() -> None:
    daily, squares = find_flows(PROJECT, sorted(PROJECT.rglob("*.py")))
    assert (daily.module, daily.function, str(daily.root)) == ("shop.daily", "daily_totals", ".")
    outside = {task.reference: task.outside for task in daily.tasks}
    assert outside == {"keep_paid": False, "fetch_orders": True, "total_by_customer": False, "publish": True}
    assert [task.silent for task in daily.tasks if task.outside] == [True, False]
    assert squares.is_async
    assert [(each.name, each.required) for each in squares.parameters] == [("numbers", True), ("offset", False)]


def test_find_flows__names_under_which_prefect_is_imported(tmp_path: Path) -> None:
    text = "import prefect as p\nfrom prefect import flow as f\n\n@p.flow\ndef a(): ...\n\n@f(name='x')\ndef b(): ...\n"
    assert [flow.function for flow in _flows(tmp_path, text)] == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        "return requests.get('x')",
        "return load()",
        "return open('x').read()",
        "return helper()",
    ],
)
def test_flow__that_reaches_out_itself(tmp_path: Path, body: str) -> None:
    text = (
        "import requests\nfrom prefect import flow\nfrom prefect_aws import S3Bucket\n"
        "def helper():\n    return requests.get('x')\n\n"
        f"load = S3Bucket.load\n\n@flow\ndef a():\n    {body}\n"
    )
    (flow,) = _flows(tmp_path, text)
    assert flow.outside == 11


def test_task__that_a_plain_function_leads_outside(tmp_path: Path) -> None:
    text = (
        "import boto3\nfrom prefect import flow, task\n\ndef read():\n    return boto3.client('s3')\n\n"
        "@task\ndef fetch():\n    return read()\n\n@flow\ndef a():\n    return fetch.submit().result()\n"
    )
    (flow,) = _flows(tmp_path, text)
    assert [(task.reference, task.outside) for task in flow.tasks] == [("fetch", True)]
    assert flow.outside is None


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        ("int | None", 1),
        ("Optional[str]", "day 1"),
        ("list[int]", [1, 2, 3]),
        ("dict[str, int]", {"day 1": 1, "day 2": 2}),
        ("list[dict]", [{"amount": 10}, {"amount": 20}, {"amount": 30}]),
    ],
)
def test_sample(annotation: str, value: object) -> None:
    assert sample("day", annotation, Record({"amount": "number"} if "dict]" in annotation else {})) == value


@pytest.mark.parametrize("annotation", ["Order", "list[Order]", None, "not python ("])
def test_sample__of_what_is_not_known(annotation: str | None) -> None:
    assert sample("it", annotation) is UNKNOWN


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "import no_such_library",
            "its module cannot be imported: ModuleNotFoundError: No module named 'no_such_library'",
        ),
        ("1 / 0", "its module cannot be imported: ZeroDivisionError: division by zero"),
    ],
)
def test_probe__of_a_module_that_cannot_be_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    (flow,) = _flows(tmp_path, f"from prefect import flow\n{text}\n\n@flow\ndef a(): ...\n")
    (tmp_path / "pipeline.py").rename(tmp_path / "unimportable_pipeline.py")
    there = json.loads(dump_flow(flow)) | {"module": "unimportable_pipeline"}
    monkeypatch.syspath_prepend(tmp_path)
    assert probe(read_flow(there), run_flow=pytest.fail, patch=monkeypatch) == {"reason": reason}


def test_probe__of_parameters_that_are_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (flow,) = _flows(tmp_path, "from prefect import flow\n@flow\ndef a(order: 'Order'): ...\n")
    found = probe(read_flow(json.loads(dump_flow(flow))), run_flow=pytest.fail, patch=monkeypatch)
    assert found == {"reason": "its parameter order is a Order: what to call it with is not known"}
