"""The recorded executions: finding them, running them, and comparing what came out."""

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeproof.stepfunctions.answers.mocks import returns, throws
from pipeproof.stepfunctions.machine import StateMachine

ANY = "<ANY>"


def cases_folder() -> Path | None:
    named = os.environ.get("PIPEPROOF_ASL_CASES")
    folder = Path(named) if named else Path(__file__).parents[3].parent / "shared" / "asl-cases"
    return folder if folder.is_dir() else None


def read_cases(kind: str) -> list[dict[str, Any]]:
    folder = cases_folder()
    if folder is None:
        pytest.skip("the recorded cases are not here (PIPEPROOF_ASL_CASES names their folder)")
    return [json.loads(file.read_text()) | {"file": file.name} for file in sorted((folder / kind).glob("*.json"))]


def agrees(expected: Any, found: Any) -> bool:
    """Whether a value is what was recorded; `<ANY>` stands for anything, JSON in texts is compared as JSON."""
    if expected == ANY:
        return True
    if isinstance(expected, dict) and isinstance(found, dict):
        if ANY in expected:
            expected = {key: value for key, value in expected.items() if key != ANY}
        return expected.keys() == found.keys() and all(agrees(expected[key], found[key]) for key in expected)
    if isinstance(expected, list) and isinstance(found, list):
        return len(expected) == len(found) and all(map(agrees, expected, found))
    if isinstance(expected, str) and isinstance(found, str):
        return expected == found or _texts_agree(expected, found)
    if isinstance(expected, (dict, list)) and isinstance(found, str):
        try:
            return agrees(expected, json.loads(found))
        except json.JSONDecodeError:
            return False
    return expected == found and isinstance(expected, bool) == isinstance(found, bool)


def _texts_agree(expected: str, found: str) -> bool:
    if expected[:1] in "{[":
        try:
            left, right = json.loads(expected), json.loads(found)
        except json.JSONDecodeError:
            pass
        else:
            return _same_layout(expected, found) and agrees_loosely(left, right)
    if ANY not in expected:
        return False
    pattern = ".*".join(re.escape(part) for part in expected.split(ANY))
    return re.fullmatch(pattern, found, re.DOTALL) is not None


def _same_layout(expected: str, found: str) -> bool:
    return ('": ' in expected) == ('": ' in found)


def agrees_loosely(left: Any, right: Any) -> bool:
    """As `agrees`, and a list that holds only `<ANY>` stands for any list."""
    if left == [ANY] and isinstance(right, list):
        return True
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(agrees_loosely(left[key], right[key]) for key in left)
    return agrees(left, right)


class CustomException(Exception):  # noqa: N818 - the recorded function's name for it
    pass


def behaviour(text: str) -> Any:
    """A function that does what the recording says in words."""
    if text == "return event":
        return lambda event: event
    if text == "raise Exception('Some exception was raised.')":
        return _raise_exception
    if text == "raise CustomException() (no message)":
        return _raise_custom
    if text.startswith("sleep"):
        return returns(None, after=float(re.findall(r"\d+", text)[0]))
    if "257*1024" in text:
        return lambda event: b"a" * (257 * 1024)
    if text.startswith("return b"):
        return lambda event: b'"HelloWorld!"'
    if text.startswith("return {"):
        return returns(json.loads(text.removeprefix("return ")))
    raise ValueError(text)


def _raise_exception(event: Any) -> Any:
    raise Exception("Some exception was raised.")


def _raise_custom(event: Any) -> Any:
    raise CustomException


def missing_function(name: str, account: str) -> Any:
    return throws(
        "Lambda.ResourceNotFoundException",
        f"Function not found: arn:aws:lambda:us-east-1:{account}:function:{name}:$LATEST (Service: AWSLambda; "
        "Status Code: 404; Error Code: ResourceNotFoundException; Request ID: 0; Proxy: null)",
    )


def run_case(case: dict[str, Any]) -> Any:
    """Runs one recorded execution."""
    as_whom = case["run_as"]
    machine = StateMachine(
        case["definition"],
        name=as_whom["state_machine_name"],
        type=as_whom["type"],
        account=as_whom["account"],
        region=as_whom["region"],
        role_arn=as_whom["role_arn"],
    )
    mocks = {task["arn"]: behaviour(task["behaviour"]) for task in case["tasks_needed"].values()}
    called = (case["input"] or {}).get("FunctionName") if isinstance(case["input"], dict) else None
    if called and called.startswith("no_such"):
        mocks[f"arn:aws:lambda:us-east-1:{as_whom['account']}:function:{called}"] = missing_function(
            called, as_whom["account"]
        )
    return machine.run(case["input"], mocks, check=False, execution_name=as_whom["execution_name"])


def differences(case: dict[str, Any], execution: Any) -> list[str]:
    """In what an execution differs from its recording."""
    expected = case["expected"]
    found = [
        f"{field}: {getattr(execution, field)!r} instead of {expected[field]!r}"
        for field in ("status", "output", "error", "cause")
        if not agrees(expected[field], getattr(execution, field))
    ]
    if expected["events"] is not None:
        wanted = [kind for kind in expected["events"] if kind not in case["ignore_event_types"]]
        events = [event.type for event in execution.events if event.type not in case["ignore_event_types"]]
        if case["event_order"] != "exact":
            wanted, events = sorted(wanted), sorted(events)
        if wanted != events:
            found.append(f"events: {events} instead of {wanted}")
    return found


@pytest.fixture(scope="session")
def recorded() -> SimpleNamespace:
    """The recordings: `cases(kind)`, `run(case)`, `differences(case, execution)`, `agrees(expected, found)`."""
    return SimpleNamespace(cases=read_cases, run=run_case, differences=differences, agrees=agrees, folder=cases_folder)
