"""The quarantine: tests that run and are reported, and for a while do not fail the run.

It is a file of the repository, a list in YAML with four words an entry::

    - test: tests/test_orders.py::test_late_file
      reason: the vendor's sandbox is down every other day
      owner: team-orders
      expires: 2026-12-31

`test` is a node id; without parameters it stands for all of the test's parameters. An entry counts through its day of
`expires`; from the next day on it fails the run until it is taken out.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import InputError
from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.results.renames import TestSources, without_parameters

if TYPE_CHECKING:
    import yaml

QUARANTINED = "quarantined"
"""The expectation of a test that stands in the quarantine."""

_WORDS = ("test", "reason", "owner", "expires")


@dataclass(frozen=True, slots=True)
class Entry:
    """One test in the quarantine; `line`, from 1, is where its entry begins."""

    test: str
    reason: str
    owner: str
    expires: date
    line: int

    def names(self, test: str) -> bool:
        """Return whether it stands for a test, by its node id."""
        return test == self.test or ("[" not in self.test.partition("::")[2] and test.startswith(f"{self.test}["))


def parse_quarantine(text: str, file: str) -> tuple[Entry, ...]:
    """Read the entries of a quarantine.

    Args:
        text: The file's text; an empty one has no entries.
        file: What the file is called in errors.

    Raises:
        InputError: with all that is wrong, each with its line.
    """
    import yaml

    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else file
        raise InputError(f"quarantine: {where} is not YAML: {getattr(error, 'problem', error)}") from None
    if node is None:
        return ()
    if not isinstance(node, yaml.SequenceNode):
        raise InputError(f"quarantine: {file} is not a list of entries", hint=f"Each has {', '.join(_WORDS)}.")
    entries: list[Entry] = []
    problems: list[str] = []
    for item in node.value:
        line = item.start_mark.line + 1
        found = _read_entry(item, line)
        if isinstance(found, Entry):
            if any(found.test == other.test for other in entries):
                problems.append(f"{file}:{line}: {found.test} stands here twice")
            entries.append(found)
        else:
            problems.append(f"{file}:{line}: {found}")
    if problems:
        raise InputError("quarantine: " + "\n".join(problems), hint=f"Each entry has {', '.join(_WORDS)}.")
    return tuple(entries)


def _read_entry(node: "yaml.Node", line: int) -> Entry | str:
    """Read one entry; a text is what is wrong with it."""
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return "is not a mapping"
    values: dict[str, Any] = {key.value: value.value for key, value in node.value}
    missing = [word for word in _WORDS if not (isinstance(values.get(word), str) and values[word].strip())]
    if missing:
        return f"has no {', '.join(missing)}"
    unknown = sorted(set(values) - set(_WORDS))
    if unknown:
        return f"has {', '.join(unknown)}, which means nothing"
    if "::" not in values["test"]:
        return f"{values['test']!r} is not a node id of a test, such as tests/test_orders.py::test_late_file"
    try:
        expires = date.fromisoformat(values["expires"])
    except ValueError:
        return f"expires: {values['expires']!r} is not a date, such as 2026-12-31"
    return Entry(values["test"].strip(), values["reason"].strip(), values["owner"].strip(), expires, line)


def apply_quarantine(run: Run, entries: Iterable[Entry], today: date, file: str) -> Run:
    """Excuse the failures of tests in quarantine, and fail the run for entries whose time is over.

    A test that ended the interpreter is not excused: it kept others from running.

    Args:
        run: The results.
        entries: The quarantine.
        today: The day by which entries count.
        file: The quarantine's file, where the failures for its entries stand.
    """
    entries = tuple(entries)
    if not entries:
        return run
    over = [entry for entry in entries if today > entry.expires]
    return replace(
        run,
        results=tuple(map(excuse_by(entries, today), run.results)),
        failures=(*run.failures, *(_expired(entry, file) for entry in over)),
    )


def excuse_by(entries: Iterable[Entry], today: date) -> Callable[[TestResult], TestResult]:
    """Return what excuses a test's failures by the entries that count today; one that is excused stays as it is."""
    current = [entry for entry in entries if today <= entry.expires]
    return lambda result: _excuse(result, current)


def find_strangers(run: Run, entries: Collection[Entry], workspace: Path) -> tuple[Entry, ...]:
    """Give the entries that stand for no test: misspelt, or their test was renamed or taken out.

    A test that only was not picked this time (`-k`, a shard) is one: its file still has it.

    Args:
        run: The results.
        entries: The quarantine.
        workspace: Where the sources of tests are looked up.
    """
    if not entries:
        return ()
    known = {*(result.id for result in run.results), *run.not_run, *run.suite}
    functions = set(map(without_parameters, known))
    sources = TestSources(workspace)

    def is_test(entry: Entry) -> bool:
        function = without_parameters(entry.test)
        if function in functions:  # then the parameters of an entry that names some have to be there too
            return entry.test in known or entry.test == function
        return sources.have(entry.test, None)

    return tuple(entry for entry in entries if not is_test(entry))


def _excuse(result: TestResult, entries: Iterable[Entry]) -> TestResult:
    entry = next((entry for entry in entries if entry.names(result.id)), None)
    crashed = any(failure.phase == "crash" for failure in result.failures)
    if entry is None or crashed or (result.status is Status.SKIPPED):
        return result
    reason = f"in quarantine until {entry.expires} ({entry.owner}): {entry.reason}"
    if not result.failures:
        return replace(result, expectation=QUARANTINED, reason=reason)
    return replace(
        result,
        status=Status.SKIPPED,
        expectation=QUARANTINED,
        reason=f"{reason}; it failed: {result.failures[0].headline}",
        failures=(),
        excused=result.failures,
    )


def _expired(entry: Entry, file: str) -> Failure:
    message = (
        f"the quarantine of {entry.test} ended on {entry.expires} ({entry.owner}: {entry.reason})\n"
        "mend the test and take the entry out, or agree on another date"
    )
    return Failure("session", "", message, file=file, line=entry.line)
