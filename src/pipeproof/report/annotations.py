"""Annotations: each cause of failures on the line that it belongs to, within what GitHub shows.

GitHub shows ten annotations of each kind a step, and 4,096 characters of each. What newly fails comes first, then what
is unlike the others; failures with the same words on the same line (a broken fixture that fifty tests use) are one
annotation that counts them. `results/causes` groups and orders them so; where there are more than ten, nine are shown
and the tenth says how many there are, and where.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeproof.report.annotation import Annotation
from pipeproof.report.domain import domain_facts
from pipeproof.report.relative import leave_out
from pipeproof.report.shortening import shorten, shorten_line, width
from pipeproof.results.causes import Cause, group_causes
from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.results.quarantine import QUARANTINED
from pipeproof.text import plain

LIMIT = 10
_MESSAGE_LIMIT = 4096
_TITLE_LIMIT = 250
_FACTS_LIMIT = 1500
_OTHERS_LIMIT = 1000
"""What the facts of the domain, and the names of other tests with the same failure, may take of a message."""


_Waiting = tuple[Callable[[], Annotation], int]
"""What makes an annotation when it is shown, and how many failures it stands for."""


def annotations(
    run: Run, mode: str, workspace: Path = Path("/"), newly_failing: Collection[str] = ()
) -> list[Annotation]:
    """Give a run's annotations, at most ten of each level.

    Args:
        run: The results.
        mode: `failures`, `all` (skips, flaky tests and warnings too) or `none`.
        workspace: The folder that files are named from; in messages it is left out.
        newly_failing: Node ids of the tests that did not fail in the baseline.
    """
    if mode == "none":
        return []
    paths = _Paths(workspace)
    failures: list[_Waiting] = [(partial(_of_run, failure, paths), 1) for failure in run.failures]
    causes = group_causes(run, newly_failing)
    failures += [(partial(_of_cause, cause, paths), len(cause.members)) for cause in causes]
    made = _within_limit(failures, "error", "failures")
    if mode == "all":
        made += _within_limit([*_flaky(run, paths), *_warnings(run, paths)], "warning", "warnings")
        made += _within_limit(list(_skips(run, paths)), "notice", "skipped tests")
    return made


@dataclass(frozen=True, slots=True)
class _Paths:
    """Names files as the workflow does: relative to the workspace."""

    workspace: Path

    def make(
        self, level: str, title: str, message: str, file: str | None, line: int | None, *, addition: str = ""
    ) -> Annotation:
        """Make an annotation of texts of any length; `addition` follows the message and is never cut."""
        if file and Path(file).is_absolute():  # GitHub has no line of it to show
            message = f"{message}\n\nat {file}:{line}" if line else f"{message}\n\nat {file}"
            file, line = None, None
        told, added = self.relative(message), self.relative(addition)
        added = f"\n\n{added}" if added else ""
        message = shorten(told.strip("\n"), _MESSAGE_LIMIT - width(added)) + added
        return Annotation(
            level, shorten_line(self.relative(title).replace("\n", " "), _TITLE_LIMIT), message, file, line
        )

    def relative(self, text: str) -> str:
        """Leave the workspace out of the paths in a text, and what a terminal would act on."""
        return plain(leave_out(self.workspace)(text))


def _of_run(failure: Failure, paths: _Paths) -> Annotation:
    return paths.make("error", "the run failed", _told(failure), failure.file, failure.line)


def _of_cause(cause: Cause, paths: _Paths) -> Annotation:
    result, failure = cause.result, cause.failure
    title = f"{'new: ' if cause.new else ''}{_title(result, failure)}"
    parts = []
    facts = domain_facts(result, failure, paths.workspace)
    if facts:
        parts.append(shorten(paths.relative("\n".join(facts)), _FACTS_LIMIT))
    others = cause.members[1:]
    if others:
        names = (paths.relative(_title(*other)) for other in others)
        head = f"The same in {_count(len(others), 'more test')}:"
        parts.append(_listed(head, names, len(others), _OTHERS_LIMIT))
        more = f" and {len(others)} more like this"
        title = f"{shorten_line(title, _TITLE_LIMIT - len(more))}{more}"
    return paths.make("error", title, _told(failure), failure.file, failure.line, addition="\n\n".join(parts))


def _title(result: TestResult, failure: Failure) -> str:
    where = {"setup": " (setup)", "teardown": " (teardown)", "collect": " (collection)", "crash": " (crash)"}
    subtest = f" [{failure.subtest}]" if failure.subtest else ""
    return f"{result.id}{subtest}{where.get(failure.phase, '')}"


def _told(failure: Failure) -> str:
    """Return the failure's own words; those of an assertion need no `AssertionError` before them."""
    message = failure.message.strip() or failure.headline
    if failure.type and failure.type != "AssertionError" and not message.startswith(failure.type):
        message = f"{failure.type}: {message}"
    return message


def _flaky(run: Run, paths: _Paths) -> Iterator[_Waiting]:
    for result in run.results:
        if result.status is Status.FLAKY:
            last = result.attempts[-1].failures[-1]
            message = f"passed after {_count(len(result.attempts), 'failed attempt')}; the last: {_told(last)}"
            where = (last.file, last.line) if last.file else (result.file, result.line)
            yield partial(paths.make, "warning", f"flaky: {result.id}", message, *where), 1


def _warnings(run: Run, paths: _Paths) -> Iterator[_Waiting]:
    for warned in run.warnings:
        times = f" ({warned.count} times)" if warned.count > 1 else ""
        message = f"{warned.message}{times}"
        yield partial(paths.make, "warning", warned.category, message, warned.file, warned.line), 1


def _skips(run: Run, paths: _Paths) -> Iterator[_Waiting]:
    for result in run.results:
        if result.status is Status.SKIPPED:
            word = {"xfailed": "expected to fail", QUARANTINED: "failed in quarantine"}.get(
                result.expectation or "", "skipped"
            )
            message = result.reason or "no reason given"
            yield partial(paths.make, "notice", f"{word}: {result.id}", message, result.file, result.line), 1


def _within_limit(waiting: Sequence[_Waiting], level: str, what: str) -> list[Annotation]:
    """Ten annotations at most, the tenth for all that there is no room for; only what is shown is made."""
    if len(waiting) <= LIMIT:
        return [make() for make, _ in waiting]
    rest = waiting[LIMIT - 1 :]
    count = sum(times for _, times in rest)
    places = _places(make() for make, _ in rest)
    message = _listed(f"{count} more {what}; the summary has them:", places, len(rest), _MESSAGE_LIMIT)
    return [*(make() for make, _ in waiting[: LIMIT - 1]), Annotation(level, f"and {count} more", message)]


def _places(made: Iterable[Annotation]) -> Iterator[str]:
    for annotation in made:
        line = f":{annotation.line}" if annotation.line else ""
        yield f"{annotation.file}{line}: {annotation.title}" if annotation.file else annotation.title


def _listed(head: str, items: Iterable[str], total: int, limit: int) -> str:
    """Return a list with a head, as many whole lines of it as fit, and how many of the total do not."""
    lines = [head]
    room = limit - width(head) - 30
    for item in items:
        room -= width(item) + 1
        if room < 0:
            break
        lines.append(item)
    left = total - len(lines) + 1
    return "\n".join([*lines, f"… and {left} more"] if left else lines)


def _count(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
