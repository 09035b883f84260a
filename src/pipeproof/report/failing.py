"""The summary's section of failures, grouped by their causes, within a number of bytes."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path

from pipeproof.report.domain import domain_facts
from pipeproof.report.links import Links
from pipeproof.report.markdown import block, code, details, escaped
from pipeproof.report.wording import counted, tell
from pipeproof.results.causes import Cause, group_causes
from pipeproof.results.model import Failure, Run

_OPEN = 3
_TESTS = 50
_REST = 100
_TRACEBACK_LIMIT = 6_000
_OUTPUT_LIMIT = 3_000
PLAIN = ("call", "crash", "collect")
"""Phases that need not be told: what happened says it."""


def render_failures(run: Run, links: Links, workspace: Path, newly_failing: Collection[str], room: int) -> str:
    """Render what failed, a fold a cause, in the order of their rank; at most `room` bytes.

    Causes that find no room with their details are listed by their words, and those beyond are counted.
    """
    causes = group_causes(run, newly_failing)
    if not run.failures and not causes:
        return ""
    title, end = "### Failures\n\n", "\n"
    rest_room = min(room // 4, 20_000)
    left = room - len(title) - len(end) - rest_room
    entries = chain(
        (_of_run(failure, links) for failure in run.failures),
        (_of_cause(cause, links, workspace, open=at < _OPEN) for at, cause in enumerate(causes)),
    )
    shown = []
    for entry in entries:
        left -= len(entry.encode())
        if left < 0:
            break
        shown.append(entry)
    rest = causes[max(0, len(shown) - len(run.failures)) :]
    return "".join([title, *shown, _without_details(rest, rest_room), end])


def headline(failure: Failure) -> str:
    """Render in one line of Markdown what a failure says."""
    return escaped(tell(failure))


def _of_run(failure: Failure, links: Links) -> str:
    summary = f"❌ {headline(failure)} {links.place(failure.file, failure.line)}"
    return details(summary.rstrip(), block(failure.traceback or failure.message, _TRACEBACK_LIMIT), open=True)


def _of_cause(cause: Cause, links: Links, workspace: Path, *, open: bool) -> str:  # noqa: A002 - HTML's word
    failure, result = cause.failure, cause.result
    return details(
        f"❌ {_summary_of(cause, links)}",
        "\n\n".join(
            [
                *filter(None, [_tests(cause)]),
                *(escaped(fact) for fact in domain_facts(result, failure, workspace)),
                block(failure.traceback or failure.message, _TRACEBACK_LIMIT),
                *([f"Failed {len(result.attempts) + 1} times."] if result.attempts else []),
                *(details(escaped(name), block(text, _OUTPUT_LIMIT)) for name, text in result.output if text.strip()),
            ]
        ),
        open=open,
    )


def _summary_of(cause: Cause, links: Links) -> str:
    failure, count = cause.failure, len(cause.members)
    where = links.place(failure.file, failure.line)
    words = [code(cause.result.id) if count == 1 else f"{count} times:", headline(failure), where]
    return " ".join(filter(None, ["<strong>new</strong>" if cause.new else "", *words]))


def _tests(cause: Cause) -> str:
    """Name the tests of a cause, each with the phase and the subtest it failed in; one that is named already is not."""
    result, failure = cause.members[0]
    if len(cause.members) == 1 and failure.phase in PLAIN and not failure.subtest:
        return ""
    names = []
    for result, failure in cause.members[:_TESTS]:
        phase = "" if failure.phase in PLAIN else f" in {escaped(failure.phase)}"
        subtest = f" in subtest {code(failure.subtest)}" if failure.subtest else ""
        names.append(f"- {code(result.id)}{phase}{subtest}")
    left = len(cause.members) - len(names)
    return "\n".join([*names, f"- … and {left} more"] if left else names)


def _without_details(causes: Sequence[Cause], room: int) -> str:
    """List causes that there is no room for, a line each; the lines that find no room either are counted."""
    if not causes:
        return ""
    head = f"{counted(len(causes), 'more cause')} of failures, without their details:\n\n"
    room -= len(head) + 100
    lines = list(_lines(causes, room))
    left = len(causes) - len(lines)
    return head + "".join(lines) + (f"- … and {left} more\n" if left else "")


def _lines(causes: Sequence[Cause], room: int) -> Iterator[str]:
    for cause in causes[:_REST]:
        line = f"- {_summary_of(cause, Links())}\n"
        room -= len(line.encode())
        if room < 0:
            return
        yield line
