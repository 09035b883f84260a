"""What failed, on the page: each cause with all that is known of it."""

from itertools import chain
from pathlib import Path

from pipeproof.report.domain import domain_facts
from pipeproof.report.failing import PLAIN
from pipeproof.report.links import Links
from pipeproof.report.page.catalogue import Catalogue, headline
from pipeproof.report.page.markup import NOTHING, Markup, block, code, element, place
from pipeproof.report.wording import counted
from pipeproof.results.causes import Cause
from pipeproof.results.model import Failure, Run

_OPEN = 3
_TESTS = 200
_NOTICES = 1_000
"""Bytes of what says that something was left out."""
_TRACEBACK = (2_500, 100_000)
"""Characters of a traceback: the less the more causes there are."""


def show_failures(run: Run, known: Catalogue, links: Links, workspace: Path, room: int) -> tuple[list[Markup], int]:
    """Show what failed, each cause with its tests, traceback and output, in at most `room` bytes.

    Returns:
        It, and how many of the causes are shown.
    """
    room -= _NOTICES
    least, most = _TRACEBACK
    limit = max(least, min(most, room // (3 * max(1, len(run.failures) + len(known.causes)))))
    parts = []
    every = chain(
        (_of_run(failure, links, limit) for failure in run.failures),
        (_of_cause(cause, at, known, links, workspace, limit) for at, cause in enumerate(known.causes, 1)),
    )
    for part in every:
        room -= len(part.encode())
        if room < 0:
            break
        parts.append(part)
    of_run = min(len(parts), len(run.failures))
    shown = len(parts) - of_run
    if left := len(run.failures) - of_run:
        parts.append(element("p", f"{counted(left, 'more failure')} of the run itself: report.json has all."))
    if left := len(known.causes) - shown:
        words = f"{counted(left, 'more cause')} of failures would make the page too large: their tests stand under "
        parts.append(element("p", words, element("a", "All tests", href="#all"), ", and report.json has all of them."))
    return parts, shown


def _of_run(failure: Failure, links: Links, limit: int) -> Markup:
    return element(
        "details",
        element("summary", _sign("✗", "the run failed"), " ", headline(failure), *_at(failure, links)),
        block(failure.traceback or failure.message, limit, "Traceback"),
        open=True,
        class_="cause",
    )


def _of_cause(cause: Cause, number: int, known: Catalogue, links: Links, workspace: Path, limit: int) -> Markup:
    failure, result, count = cause.failure, cause.result, len(cause.members)
    who = code(result.id) if count == 1 else element("strong", counted(count, "test"))
    new = element("strong", "new", class_="new") if cause.new else None
    facts = [element("li", fact) for fact in domain_facts(result, failure, workspace)]
    return element(
        "details",
        element("summary", _sign("✗", "failed"), " ", new, " ", element("span", headline(failure), class_="said"), " ",
                element("span", who, *_at(failure, links), class_="where")),
        element("ul", *facts, class_="facts") if facts else None,
        block(failure.traceback or failure.message, limit, "Traceback"),
        element("p", f"Failed {len(result.attempts) + 1} times.") if result.attempts else None,
        *(
            element("details", element("summary", name), block(said, limit // 2, name))
            for name, said in result.output if said.strip()
        ),
        _members(cause),
        id=f"cause-{number}",
        class_="cause",
        open=number <= _OPEN,
        **known.words_of(*(member for member, _ in cause.members)),
    )  # fmt: skip


def _at(failure: Failure, links: Links) -> tuple[str, ...]:
    return (" at ", place(failure.file, failure.line, links)) if failure.file else ()


def _sign(sign: str, words: str) -> Markup:
    """Show a sign, which is read out as words."""
    return element(
        "span", element("span", sign, aria_hidden="true"), element("span", words, class_="unseen"), class_="sign"
    )


def _members(cause: Cause) -> Markup:
    """Name the tests of a cause, each with the phase and the subtest it failed in."""
    names = []
    for result, failure in cause.members[:_TESTS]:
        phase = "" if failure.phase in PLAIN else f" in {failure.phase}"
        subtest = element("span", " in subtest ", code(failure.subtest)) if failure.subtest else None
        names.append(element("li", code(result.id), phase, subtest))
    left = len(cause.members) - len(names)
    more = element("li", f"… and {left} more") if left else None
    if len(cause.members) == 1:  # the summary has named it
        return NOTHING if cause.failure.phase in PLAIN and not cause.failure.subtest else element("ul", *names)
    return element("details", element("summary", f"All {len(cause.members)} tests"), element("ul", *names, more))
