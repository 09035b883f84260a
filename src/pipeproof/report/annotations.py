"""Annotations: each cause of failures on the line that it belongs to, within what GitHub shows.

GitHub shows ten annotations of each kind a step, and 4,096 characters of each. What newly fails comes first, then what
is unlike the others; failures with the same words on the same line (a broken fixture that fifty tests use) are one
annotation that counts them; where there are more than ten, nine are shown and the tenth says how many there are, and
where.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeproof.report.domain import domain_facts
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


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message on a line; without a file it stands on the run's page alone.

    `level` is `error`, `warning` or `notice`.
    """

    level: str
    title: str
    message: str
    file: str | None = None
    line: int | None = None


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
    failures = [(_of_run(failure, paths), 1) for failure in run.failures]
    failures += [(_of_cause(cause, paths), len(cause.members)) for cause in group_causes(run, newly_failing)]
    made = _within_limit(failures, "error", "failures")
    if mode == "all":
        made += _within_limit(
            [(one, 1) for one in (*_flaky(run, paths), *_warnings(run, paths))], "warning", "warnings"
        )
        made += _within_limit([(one, 1) for one in _skips(run, paths)], "notice", "skipped tests")
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
        root = self.workspace.as_posix().rstrip("/")
        return plain(text.replace(f"{root}/", "") if root else text)


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
        names = [_title(*other) for other in others]
        parts.append(
            _listed(f"The same in {_count(len(others), 'more test')}:", map(paths.relative, names), _OTHERS_LIMIT)
        )
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


def _flaky(run: Run, paths: _Paths) -> Iterator[Annotation]:
    for result in run.results:
        if result.status is Status.FLAKY:
            last = result.attempts[-1].failures[-1]
            message = f"passed after {_count(len(result.attempts), 'failed attempt')}; the last: {_told(last)}"
            where = (last.file, last.line) if last.file else (result.file, result.line)
            yield paths.make("warning", f"flaky: {result.id}", message, *where)


def _warnings(run: Run, paths: _Paths) -> Iterator[Annotation]:
    for warned in run.warnings:
        times = f" ({warned.count} times)" if warned.count > 1 else ""
        yield paths.make("warning", warned.category, f"{warned.message}{times}", warned.file, warned.line)


def _skips(run: Run, paths: _Paths) -> Iterator[Annotation]:
    for result in run.results:
        if result.status is Status.SKIPPED:
            word = {"xfailed": "expected to fail", QUARANTINED: "failed in quarantine"}.get(
                result.expectation or "", "skipped"
            )
            message = result.reason or "no reason given"
            yield paths.make("notice", f"{word}: {result.id}", message, result.file, result.line)


def _within_limit(made: list[tuple[Annotation, int]], level: str, what: str) -> list[Annotation]:
    """Ten annotations at most, the tenth for all that there is no room for; each with how many it stands for."""
    if len(made) <= LIMIT:
        return [annotation for annotation, _ in made]
    rest = made[LIMIT - 1 :]
    count = sum(times for _, times in rest)
    message = _listed(f"{count} more {what}; the summary has them:", _places(one for one, _ in rest), _MESSAGE_LIMIT)
    return [*(annotation for annotation, _ in made[: LIMIT - 1]), Annotation(level, f"and {count} more", message)]


def _places(made: Iterable[Annotation]) -> Iterator[str]:
    for annotation in made:
        line = f":{annotation.line}" if annotation.line else ""
        yield f"{annotation.file}{line}: {annotation.title}" if annotation.file else annotation.title


def _listed(head: str, items: Iterable[str], limit: int) -> str:
    """Return a list with a head, as many whole lines of it as fit, and how many do not."""
    lines, left = [head], 0
    room = limit - width(head) - 30
    for item in items:
        room -= width(item) + 1
        if left or room < 0:
            left += 1
        else:
            lines.append(item)
    return "\n".join([*lines, f"… and {left} more"] if left else lines)


def _count(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
