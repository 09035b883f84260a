"""Judging: what a run comes to, held against its standard and the thresholds of coverage."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from pipeproof.job import Job
from pipeproof.report.coverage import Unit, find_earlier_units, find_shortfalls, find_units
from pipeproof.results.baseline import Comparison, compare, find_flaked
from pipeproof.results.commit import find_commit
from pipeproof.results.model import Run
from pipeproof.results.past import History
from pipeproof.results.quarantine import apply_quarantine, find_strangers
from pipeproof.standard import Standard


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run comes to.

    Attributes:
        run: The results, the quarantine and the thresholds held against them.
        comparison: What changed since the baseline, where there is one.
        units: What could be covered.
        before: What could be covered in the baseline.
        history: What earlier reports say.
        notes: What the reader has to know of how it was judged.
    """

    run: Run
    comparison: Comparison | None = None
    units: Sequence[Unit] = ()
    before: Sequence[Unit] = ()
    history: History = field(default_factory=History)
    notes: tuple[str, ...] = ()

    @property
    def newly_failing(self) -> frozenset[str]:
        """The node ids of the tests that did not fail in the baseline."""
        return frozenset(result.id for result in self.comparison.newly_failing) if self.comparison else frozenset()


def judge_run(job: Job, run: Run, standard: Standard, *, complete: bool = True) -> Verdict:
    """Hold a run against the standard.

    Args:
        job: Its inputs count.
        run: What came of the tests.
        standard: What it is held against.
        complete: Whether its tests came to their end; otherwise thresholds of coverage mean nothing.
    """
    inputs = job.inputs
    run = replace(run, environment={**run.environment, **find_commit(job.environ)})
    run = apply_quarantine(run, standard.entries, datetime.now(UTC).date(), inputs.quarantine or "")
    units = find_units(run, job.workspace)
    if complete and not run.cancelled:
        run = replace(run, failures=(*run.failures, *find_shortfalls(units, dict(inputs.fail_under))))
    comparison = None if standard.earlier is None else compare(run, standard.earlier, job.workspace)
    run = replace(run, failures=(*run.failures, *find_flaked(comparison, inputs.fail_on)))
    strangers = find_strangers(run, standard.entries, job.workspace) if complete else ()
    notes = tuple(
        f"{inputs.quarantine}:{entry.line}: there is no test {entry.test}, so the entry excuses nothing; "
        "mend its name, or take it out."
        for entry in strangers
    )
    before = find_earlier_units(standard.earlier, job.workspace)
    return Verdict(run, comparison, units, before, standard.history or History(), notes)
