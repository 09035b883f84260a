"""What came of a run, in a few words: how much of it, why, and what is new."""

from pipeproof.report.tables import Cell, Seconds
from pipeproof.report.wording import counted, tell
from pipeproof.results.baseline import Comparison
from pipeproof.results.causes import group_causes
from pipeproof.results.model import Run

WORDS = {"success": "passed", "failure": "failed", "cancelled": "cancelled"}
"""How a run ended, by its conclusion."""

_FIRST_LIMIT = 120


def tell_outcome(run: Run, comparison: Comparison | None = None) -> list[Cell]:
    """Tell what came of a run, so that it is enough by itself; a report puts commas between."""
    totals = run.totals
    bad = totals.failed + totals.errors
    causes = group_causes(run, {result.id for result in comparison.newly_failing} if comparison else ())
    told: list[Cell] = [(f"{f'{bad} of ' if bad else ''}{counted(totals.tests, 'test')} in", Seconds(run.duration))]
    told += [counted(len(causes), "cause")] if len(causes) < bad else []
    if comparison:
        changes = {
            "newly failing": comparison.newly_failing,
            "fixed": comparison.fixed,
            "newly flaky": comparison.newly_flaky,
        }
        told += [f"{len(tests)} {word}" for word, tests in changes.items() if tests]
    elif totals.flaky:
        told.append(f"{totals.flaky} flaky")
    if run.not_run:
        told.append(f"{len(run.not_run)} not run")
    first = run.failures[0] if run.failures else causes[0].failure if causes else None
    if first and (run.failures or len(causes) == 1):
        told.append(tell(first))
    elif causes:
        told.append(f"first: {tell(causes[0].failure, _FIRST_LIMIT)}")
    return told
