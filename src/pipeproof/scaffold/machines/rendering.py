"""The scenarios of a machine as a test file that a person keeps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from pipeproof.scaffold.literals import identifier, write
from pipeproof.scaffold.machines.search import Answer, Scenario
from pipeproof.stepfunctions.reporting.coverage import describe_item

REVIEW = "# review: this is what it gives today"


@dataclass(frozen=True, slots=True)
class MachineSource:
    """What a test makes the machine of.

    Attributes:
        file: The definition or template, relative to the project.
        name: The machine's logical id, where the template has several.
        substitutions: Values for `${Name}` of a definition that stands alone.
        enforced: Whether the role's policy in the template holds in the tests.
    """

    file: PurePath
    name: str | None = None
    substitutions: Mapping[str, str] = field(default_factory=dict)
    enforced: bool = False


def render_machine(source: MachineSource, scenarios: list[Scenario], missed: list[str]) -> str:
    """Return the source of a test file, in the folder `tests` of the project."""
    body = "\n\n\n".join(_render_test(*numbered) for numbered in _named(scenarios))
    words = sorted({"throws" if each.error else "returns" for each in _answers(scenarios)})
    imports = f"\nfrom pipeproof import {', '.join(words)}\n" if words else ""
    left = "".join(f"\n# Not taken by any test here: {describe_item(goal)}" for goal in missed if _tells(goal, missed))
    return (
        f'''"""{source.file}: one test for each path, Retry and Catch."""

from pathlib import Path

import pytest
{imports}
SOURCE = Path(__file__).parents[1] / "{source.file}"


@pytest.fixture
def machine(state_machine):
{_fixture(source)}


{body}
{left}'''.rstrip()
        + "\n"
    )


def _fixture(source: MachineSource) -> str:
    options = ["SOURCE"]
    if source.name:
        options.append(f'name="{source.name}"')
    if source.substitutions:
        options.append(f"substitutions={write(dict(source.substitutions), 4, 30)}")
    if not source.enforced:
        return f"    return state_machine({', '.join(options)})"
    options.append("role_policy=SOURCE")
    why = "    # What the role's policy in the template does not allow fails, as it would in AWS."
    return f"{why}\n    return state_machine({', '.join(options)})"


def _answers(scenarios: list[Scenario]) -> Iterator[Answer]:
    return (answer for scenario in scenarios for answers in scenario.answers.values() for answer in answers)


def _tells(goal: str, missed: list[str]) -> bool:
    """Return whether a goal is not told by another one: a catcher's transition is, and one of a state never entered."""
    if ": catch" in describe_item(goal):
        return False
    return goal.startswith("state:") or f"state:{goal.split(':')[1]}" not in missed


def _named(scenarios: list[Scenario]) -> Iterator[tuple[str, Scenario, set[str]]]:
    """Yield each scenario with its test's name, and the Tasks that it is the first to reach."""
    used: set[str] = set()
    seen: set[str] = set()
    for scenario in scenarios:
        name = base = _name(scenario)
        number = 1
        while name in used:
            number += 1
            name = f"{base}_{number}"
        used.add(name)
        yield name, scenario, set(scenario.answers) - seen
        seen |= set(scenario.answers)


def _name(scenario: Scenario) -> str:
    kind, _, rest = scenario.goal.partition(":")
    state = rest.split(":")[0]
    if kind == "transition":
        return f"test_{identifier(state)}__leads_to_{identifier(rest.rsplit(':', 1)[-1])}"
    if kind == "retrier":
        return f"test_{identifier(state)}__is_tried_again_after_{identifier(_error(scenario))}"
    if kind == "catcher":
        return f"test_{identifier(state)}__when_it_fails_with_{identifier(_error(scenario))}"
    return f"test_execution__ends_in_{identifier(scenario.execution.path[-1])}"


def _error(scenario: Scenario) -> str:
    return next((each.error for each in reversed(list(_answers([scenario]))) if each.error), "an error")


def _render_test(name: str, scenario: Scenario, fresh: set[str]) -> str:
    execution = scenario.execution
    mocks = ", mocks=mocks" if scenario.answers else ""
    lines = [
        f"def {name}(machine):",
        f"    given = {write(scenario.input, 4, 8)}",
        *([f"    mocks = {_mocks(scenario.answers)}"] if mocks else []),
        "",
        f"    execution = machine.run(given{mocks}, check=False)",
        "",
        f"    assert (execution.status, execution.error) == {write((execution.status, execution.error), 4, 42)}",
        f"    assert execution.path == {write(list(execution.path), 4, 25)}",
    ]
    for state in _retried(scenario):
        errors = [attempt.error for attempt in execution.attempts(state)]
        start = f"assert [each.error for each in execution.attempts({write(state)})] == "
        lines.append(f"    {start}{write(errors, 4, len(start))}")
    if execution.elapsed and round(execution.elapsed, 3) == execution.elapsed:  # no jitter's
        lines.append(f"    assert execution.elapsed == {execution.elapsed!r}")
    lines += _review(scenario, fresh)
    return "\n".join(lines)


def _retried(scenario: Scenario) -> list[str]:
    """Return the states whose attempts are part of what is tested."""
    visits = scenario.execution.visits
    return list(dict.fromkeys(visit.state.name for visit in visits if any(each.error for each in visit.attempts)))


def _review(scenario: Scenario, fresh: set[str]) -> Iterator[str]:
    execution = scenario.execution
    payloads = [(name, execution.payloads(name)) for name in scenario.answers if name in fresh]
    payloads = [(name, payload) for name, payload in payloads if payload]
    if execution.status != "SUCCEEDED" and not payloads:
        return
    yield f"    {REVIEW}"
    for name, payload in payloads:
        start = f"assert execution.payloads({write(name)}) == "
        yield f"    {start}{write(payload, 4, len(start))}"
    if execution.status == "SUCCEEDED":
        yield f"    assert execution.output == {write(execution.output, 4, 27)}"


def _mocks(answers: Mapping[str, list[Answer]]) -> str:
    entries = [f"        {write(name)}: {_write_mock(each, len(name) + 4)},\n" for name, each in answers.items()]
    return "{\n" + "".join(entries) + "    }"


def _write_mock(answers: list[Answer], before: int) -> str:
    def one(answer: Answer, indent: int, taken: int) -> str:
        if answer.error:
            return f"throws({write(answer.error)})"
        return f"returns({write(answer.value, indent, taken + 10)})"

    if len(answers) == 1:
        return one(answers[0], 8, before)
    lines = [f"            {one(each, 12, 0)},\n" for each in answers]
    return "[\n" + "".join(lines) + "        ]"
