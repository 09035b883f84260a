"""What the workflow's log is given: commands of ours alone, whatever the texts in them."""

from io import StringIO
from pathlib import Path

from actions_runner import parse_commands
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.outlets.workflow import Workflow
from pipeproof.report.annotations import annotations
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult, Warned

PARTS = [
    "::error::",
    "##[error]",
    "::add-mask::x",
    "::stop-commands::x",
    "\n",
    "\r",
    "%0A",
    "%0D",
    ":",
    ",",
    "\u2028",
    "x",
    " ",
]
HOSTILE = st.lists(st.sampled_from(PARTS) | st.characters(), max_size=6).map("".join)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_annotations__no_text_in_any_field_is_a_command(one: str, two: str, three: str) -> None:
    failure = Failure("setup", one, two, three, one or None, 3, three)
    run = Run(
        (
            TestResult(one, two, 1, Status.ERROR, failures=(failure,)),
            TestResult(f"{two}2", three or None, 2, Status.SKIPPED, reason=one),
            TestResult(f"{three}3", one, 3, Status.FLAKY, attempts=(Attempt(0.1, (failure,)),)),
        ),
        (Failure("session", two, three, "", two or None, 1),),
        warnings=(Warned(three, one, two or None, 4),),
    )
    made = annotations(run, "all", Path("/w"), {one})
    out = StringIO()
    Workflow({}, out).annotate(made)
    found = parse_commands(out.getvalue())
    assert [command.name for command in found] == [annotation.level for annotation in made]
    # The runner trims the line.
    assert [command.data.rstrip() for command in found] == [annotation.message.rstrip() for annotation in made]
    assert [command.properties.get("title", "") for command in found] == [annotation.title for annotation in made]
