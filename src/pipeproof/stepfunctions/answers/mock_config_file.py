"""AWS's MockConfigFile: mocks by test case, in the format of Step Functions Local.

{"StateMachines": {"Orders": {"TestCases": {"HappyPath": {"PriceOrder": "PriceSucceeds"}}}},
 "MockedResponses": {"PriceSucceeds": {"0": {"Return": {...}}, "1-2": {"Throw": {"Error": "...", "Cause": "..."}}}}}
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import Location
from pipeproof.stepfunctions.answers.mocks import Returns, Throws
from pipeproof.stepfunctions.errors import MockError


def load_mocks(mocks: Mapping[str, Any] | str | Path | None, machine: str, test_case: str | None) -> Mapping[str, Any]:
    """Return the mocks of a run: those given, or those of a MockConfigFile's test case.

    Raises:
        MockError: There is no such file, machine or test case, or the file is of another form.
    """
    if isinstance(mocks, (str, Path)):
        return read_config(Path(mocks), machine, test_case)
    return mocks or {}


def read_config(file: Path, machine: str, test_case: str | None) -> dict[str, Any]:
    """Return the mocks of one test case of a MockConfigFile, by state name."""
    try:
        config = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise MockError(f"cannot read the mocks: {error}") from error
    except ValueError as error:
        raise MockError(f"the mocks are not valid JSON: {error}", location=Location(file, 1)) from error
    machines = _section(config, "StateMachines", file)
    cases = _section(_entry(machines, machine, "state machine", file), "TestCases", file)
    if test_case is None and len(cases) == 1:
        test_case = next(iter(cases))
    if test_case is None:
        raise MockError(
            f"the mocks of {machine!r} have {len(cases)} test cases; which one is meant is not said",
            hint=f"Pass test_case= one of: {', '.join(sorted(cases))}.",
            location=Location(file, 1),
        )
    responses = _section(config, "MockedResponses", file) if "MockedResponses" in config else {}
    named = _entry(cases, test_case, "test case", file)
    return {
        state: _answers(name, _entry(responses, name, "mocked response", file), file) for state, name in named.items()
    }


def _section(value: Any, name: str, file: Path) -> Mapping[str, Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(found, Mapping):
        raise MockError(f"the mocks have no {name!r}", location=Location(file, 1))
    return found


def _entry(section: Mapping[str, Any], name: str, what: str, file: Path) -> Mapping[str, Any]:
    found = section.get(name)
    if not isinstance(found, Mapping):
        known = ", ".join(sorted(section)) or "none"
        raise MockError(f"the mocks have no {what} {name!r}", hint=f"They have: {known}.", location=Location(file, 1))
    return found


def _answers(name: str, response: Mapping[str, Any], file: Path) -> list[Any]:
    """Return a response's answers in the order of the attempts; `"1-3"` stands for three of them."""
    answers: dict[int, Any] = {}
    for attempts, answer in response.items():
        first, _, last = attempts.partition("-")
        try:
            numbers = range(int(first), int(last or first) + 1)
        except ValueError:
            raise MockError(
                f"{attempts!r} in the mocked response {name!r} is not an attempt: write 0, 1 or 1-3",
                location=Location(file, 1),
            ) from None
        for number in numbers:
            answers[number] = _answer(name, answer, file)
    if sorted(answers) != list(range(len(answers))):
        raise MockError(
            f"the mocked response {name!r} leaves attempts out: {sorted(answers)}", location=Location(file, 1)
        )
    return [answers[number] for number in sorted(answers)]


def _answer(name: str, answer: Any, file: Path) -> Returns | Throws:
    if isinstance(answer, Mapping) and "Return" in answer:
        return Returns(answer["Return"], raw=True)
    if isinstance(answer, Mapping) and isinstance(answer.get("Throw"), Mapping) and "Error" in answer["Throw"]:
        return Throws(answer["Throw"]["Error"], answer["Throw"].get("Cause", ""))
    raise MockError(f"the mocked response {name!r} has neither Return nor Throw", location=Location(file, 1))
