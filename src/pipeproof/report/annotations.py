"""Annotations: each failure on the line that it belongs to, within what GitHub shows.

GitHub shows ten annotations of each kind a step. Failures with the same words on the same line (a broken fixture that
fifty tests use) are one annotation that counts them; where there are more than ten, nine are shown and the tenth says
how many there are.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.text import plain

LIMIT = 10
_MESSAGE_LIMIT = 4096
_TITLE_LIMIT = 250


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


def annotations(run: Run, mode: str) -> list[Annotation]:
    """Give a run's annotations, at most ten of each level.

    Args:
        run: The results.
        mode: `failures`, `all` (skips, flaky tests and warnings too) or `none`.
    """
    if mode == "none":
        return []
    made = _within_limit(list(_errors(run)), "error", "failures")
    if mode == "all":
        made += _within_limit([*_flaky(run), *_warnings(run)], "warning", "warnings")
        made += _within_limit(list(_skips(run)), "notice", "skipped tests")
    return made


def _errors(run: Run) -> Iterator[Annotation]:
    for failure in run.failures:
        message = _cut(plain(_told(failure)), _MESSAGE_LIMIT)
        yield Annotation("error", "the run failed", message, failure.file, failure.line)
    groups: dict[tuple[str | None, int | None, str], list[tuple[TestResult, Failure]]] = {}
    for result in run.results:
        for failure in result.failures:
            groups.setdefault((failure.file, failure.line, failure.headline), []).append((result, failure))
    for (file, line, _), members in groups.items():
        result, failure = members[0]
        title = _title(result, failure)
        message = _told(failure)
        if len(members) > 1:
            title = f"{title} and {len(members) - 1} more"
            message = f"{message}\n\nThe same in:\n" + "\n".join(other.id for other, _ in members[1:])
        yield Annotation("error", _cut(plain(title), _TITLE_LIMIT), _cut(plain(message), _MESSAGE_LIMIT), file, line)


def _title(result: TestResult, failure: Failure) -> str:
    where = {"setup": " (setup)", "teardown": " (teardown)", "collect": " (collection)", "crash": " (crash)"}
    subtest = f" [{failure.subtest}]" if failure.subtest else ""
    return f"{result.id}{subtest}{where.get(failure.phase, '')}"


def _told(failure: Failure) -> str:
    message = failure.message.strip() or failure.headline
    if failure.type and not message.startswith(failure.type):
        message = f"{failure.type}: {message}"
    return message


def _flaky(run: Run) -> Iterator[Annotation]:
    for result in run.results:
        if result.status is Status.FLAKY:
            last = result.attempts[-1].failures[-1]
            message = f"passed after {len(result.attempts)} failed attempt(s); the last: {_told(last)}"
            title = plain(f"flaky: {result.id}")
            yield Annotation(
                "warning",
                _cut(title, _TITLE_LIMIT),
                _cut(plain(message), _MESSAGE_LIMIT),
                last.file or result.file,
                last.line or result.line,
            )


def _warnings(run: Run) -> Iterator[Annotation]:
    for warned in run.warnings:
        times = f" ({warned.count} times)" if warned.count > 1 else ""
        message = _cut(plain(f"{warned.message}{times}"), _MESSAGE_LIMIT)
        yield Annotation("warning", plain(warned.category), message, warned.file, warned.line)


def _skips(run: Run) -> Iterator[Annotation]:
    for result in run.results:
        if result.status is Status.SKIPPED:
            word = "expected to fail" if result.expectation == "xfailed" else "skipped"
            title = _cut(plain(f"{word}: {result.id}"), _TITLE_LIMIT)
            message = _cut(plain(result.reason or "no reason given"), _MESSAGE_LIMIT)
            yield Annotation("notice", title, message, result.file, result.line)


def _within_limit(made: list[Annotation], level: str, what: str) -> list[Annotation]:
    if len(made) <= LIMIT:
        return made
    rest = made[LIMIT - 1 :]
    message = f"{len(rest)} more {what}; the summary has them all:\n" + "\n".join(_places(rest))
    return [*made[: LIMIT - 1], Annotation(level, f"and {len(rest)} more", _cut(message, _MESSAGE_LIMIT))]


def _places(made: Iterable[Annotation]) -> Iterator[str]:
    for annotation in made:
        where = f"{annotation.file}:{annotation.line}: " if annotation.file else ""
        yield plain(f"{where}{annotation.title}")


def _cut(text: str, limit: int) -> str:
    """Shorten a text to so many characters, as the runner would, but visibly."""
    return text if len(text) <= limit else f"{text[: limit - 2].rstrip()} …"
