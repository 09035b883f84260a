"""Flows are found in the source, with what their tasks do outside of the process."""

from pathlib import Path

import pytest

from pipeproof.scaffold.flows.finding import FlowSource, find_flows
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
