"""Shards: the runs of the parts of one suite, checked against each other and put together again.

Every shard says what it has divided, so nothing is lost in between: a test of the suite that no shard has run, or more
than one, is found by name.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pipeproof.inputs import Shard
from pipeproof.results.model import Failure, Run, TestResult, Warned

_NAMED = 10
"""How many tests a message names."""


@dataclass(frozen=True, slots=True)
class ShardRun:
    """`shard.json`: one shard's run, as it was before anything was judged.

    Attributes:
        shard: Which part of how many.
        run: What came of it, the secrets taken out.
        exit_code: What it ended with where its tests could not be run; None where their results say it.
        workspace: The folder that it named files from.
        commit: The commit; empty where none is known, as in the next two.
        run_id: GitHub's number of the workflow's run.
        attempt: Which attempt of it.
        audit: The SHA-256 of the last line of its audit; empty where there is no line.
    """

    shard: Shard
    run: Run
    exit_code: int | None
    workspace: str
    commit: str = ""
    run_id: str = ""
    attempt: str = ""
    audit: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A shard's run, and the folder that it was found in, as it is named to the user."""

    place: str
    part: ShardRun

    @property
    def name(self) -> str:
        """Name it in a message."""
        return f"shard {self.part.shard} ({self.place})"


def pick_shards(found: Sequence[Found], commit: str, run_id: str) -> tuple[list[Found], list[str]]:
    """Return the shards of one run in their order, and what is wrong with them, one line each.

    What is another run's, or there for the second time, is left out.

    Args:
        found: All that there are, at least one.
        commit: The commit that they have to be of; empty for that of the first.
        run_id: The workflow's run that they have to be of, in the same way.
    """
    commit, run_id = commit or found[0].part.commit, run_id or found[0].part.run_id
    total = found[0].part.shard.total
    picked: dict[int, Found] = {}
    problems = []
    for one in found:
        part = one.part
        if part.commit != commit:
            problems.append(f"{one.name} is of commit {part.commit[:12] or 'unknown'}, not of {commit[:12]}")
        elif part.run_id != run_id:
            problems.append(f"{one.name} is of run {part.run_id or 'unknown'}, not of {run_id}")
        elif part.shard.total != total:
            problems.append(f"{one.name} is of {part.shard.total} shards, {found[0].name} of {total}")
        elif part.shard.index in picked:
            first = picked[part.shard.index]
            problems.append(f"shard {part.shard} is there twice: {_attempted(first)} and {_attempted(one)}")
        else:
            picked[part.shard.index] = one
    missing = [f"shard {Shard(index, total)} is missing" for index in range(1, total + 1) if index not in picked]
    return [picked[index] for index in sorted(picked)], problems + missing


def _attempted(one: Found) -> str:
    return f"{one.place} (attempt {one.part.attempt})" if one.part.attempt else one.place


def find_differences(shards: Sequence[Found]) -> Iterator[str]:
    """Yield what shards do not agree on: what was collected, and which of them runs each test.

    A shard that could not collect anything fails anyway, and is not held against the others.
    """
    told = [one for one in shards if one.part.run.suite]
    for one in shards:
        run = one.part.run
        explained = run.failures or run.cancelled or one.part.exit_code
        if not (run.suite or explained) and (told or run.results):
            yield f"{one.name} does not say which tests it has divided: it has collected none, or its workers broke off"
    if not told:
        return
    first = told[0]
    suite = Counter(first.part.run.suite)
    for one in told[1:]:
        other = Counter(one.part.run.suite)
        if other != suite:
            lines = (
                f"\nonly {name}: {_named(tests)}"
                for name, tests in ((first.name, suite - other), (one.name, other - suite))
                if tests
            )
            yield f"{one.name} has collected other tests than {first.name}{''.join(lines)}"
    yield from _misdealt(shards, suite)


def _misdealt(shards: Sequence[Found], suite: Mapping[str, int]) -> Iterator[str]:
    """Yield the tests that more than one shard has run, and those that none has, where all shards are there."""
    ran: dict[str, list[str]] = {}
    for one in shards:
        for test in {*(result.id for result in one.part.run.results), *one.part.run.not_run}:
            ran.setdefault(test, []).append(str(one.part.shard))
    twice = [test for test in suite if len(ran.get(test, ())) > 1]
    if twice:
        where = " and ".join(ran[twice[0]])
        yield f"shards {where} both have {_named(twice)}: they were divided by other durations, or not the same way"
    complete = len(shards) == shards[0].part.shard.total and all(one.part.run.suite for one in shards)
    lost = [test for test in suite if test not in ran] if complete else []
    if lost:
        yield f"no shard has run {_named(lost)}"


def _named(tests: Iterable[str]) -> str:
    names = list(tests)
    more = f", … and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def merge_runs(shards: Sequence[Found]) -> Run:
    """Put the runs of shards together as the one that they are parts of, its tests in the order of the suite."""
    runs = [one.part.run for one in shards]
    suite = next((run.suite for run in runs if run.suite), ())
    position = {test: number for number, test in enumerate(suite)}
    results: dict[str, TestResult] = {}
    for run in runs:
        for result in run.results:  # a file that could not be collected is in each shard
            results.setdefault(result.id, result)

    def order(test: str) -> int:
        return position.get(test, -1)

    ran = {test for run in runs for test in run.not_run} - results.keys()
    everywhere = {test for test in suite if test not in results} if any(not run.suite for run in runs) else set()
    statuses = [run.exit_status for run in runs]
    return Run(
        results=tuple(sorted(results.values(), key=lambda result: order(result.id))),
        failures=tuple(_failures(shards)),
        not_run=tuple(sorted(ran | everywhere, key=lambda test: (order(test), test))),
        warnings=tuple(_warnings(runs)),
        deselected=max(max(run.deselected - _left_to_others(run), 0) for run in runs),
        started=min(run.started for run in runs),
        duration=_time_of(runs),
        exit_status=None if None in statuses else max(status or 0 for status in statuses),
        cancelled=any(run.cancelled for run in runs),
        environment=runs[0].environment,
        dropped=sum(run.dropped for run in runs),
    )


def _time_of(runs: Iterable[Run]) -> float:
    """Return the seconds in which any shard ran: the hours until somebody runs one again are not the suite's."""
    spent, reached = 0.0, 0.0
    for run in sorted(runs, key=lambda run: run.started):
        end = run.started + run.duration
        spent += max(end - max(run.started, reached), 0.0)
        reached = max(reached, end)
    return spent


def _left_to_others(run: Run) -> int:
    """Return how many tests of the suite a shard has left to the others; they count as deselected there."""
    own = {*(result.id for result in run.results), *run.not_run}
    return sum(1 for test in run.suite if test not in own)


def _failures(shards: Sequence[Found]) -> Iterator[Failure]:
    """Yield what all shards say once, and what some say with their names."""
    first = shards[0].part.run.failures
    common = [one for one in first if all(_same(one) in map(_same, other.part.run.failures) for other in shards)]
    yield from common
    said = {_same(failure) for failure in common}
    for one in shards:
        for failure in one.part.run.failures:
            if _same(failure) not in said:
                yield replace(failure, message=f"shard {one.part.shard}: {failure.message}")


def _same(failure: Failure) -> Failure:
    return replace(failure, traceback="")


def _warnings(runs: Iterable[Run]) -> Iterator[Warned]:
    """Yield each warning with its count: those of the collection come in every shard, those of a test in one."""
    found: dict[tuple[str, str, str | None, int | None], list[Warned]] = {}
    for run in runs:
        for warned in run.warnings:
            found.setdefault((warned.message, warned.category, warned.file, warned.line), []).append(warned)
    for key, same in found.items():
        collecting = max(warned.collecting for warned in same)
        yield Warned(*key, sum(warned.count - warned.collecting for warned in same) + collecting, collecting)
