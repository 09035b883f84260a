"""The end of a run: its outcomes held against the quarantine, the thresholds and the baseline, and then reported.

All that this needs is loaded while the tests' process starts (`main`), so nobody waits for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pipeproof.access import record_tests
from pipeproof.job import Job, Trail
from pipeproof.report.coverage import find_earlier_units, find_shortfalls, find_units
from pipeproof.report.outputs import exit_code
from pipeproof.reporting import report
from pipeproof.results.baseline import Earlier, compare, find_flaked
from pipeproof.results.commit import find_commit
from pipeproof.results.model import Failure, Run
from pipeproof.results.quarantine import Entry, apply_quarantine
from pipeproof.results.redacted import redact_run
from pipeproof.runner_files import Kept
from pipeproof.sandbox.leftovers import LeftoversError


def conclude(
    job: Job,
    outcome: Run,
    code: int | None,
    trail: Trail,
    earlier: Mapping[str, Earlier] | None,
    entries: Sequence[Entry],
    kept: Kept,
) -> int:
    """Judge and report what came of the tests; give the exit code.

    Args:
        job: The run's job.
        outcome: What came of the tests.
        code: The exit code, where it is not the run's own.
        trail: What was gathered on the way.
        earlier: The baseline, where there is one.
        entries: The quarantine.
        kept: How the runner's files were found after the tests.
    """
    if kept.faults:
        outcome = replace(outcome, failures=(*outcome.failures, *(Failure("session", "", f) for f in kept.faults)))
        code = code or LeftoversError.exit_code
    if trail.redactor:
        outcome = redact_run(outcome, trail.redactor.redact)
    if not job.inputs.merge:
        record_tests(trail.audit, outcome)
    outcome = replace(outcome, environment={**outcome.environment, **find_commit(job.environ)})
    trail.unjudged = outcome, code
    outcome = apply_quarantine(outcome, entries, datetime.now(UTC).date(), job.inputs.quarantine or "")
    units = find_units(outcome, job.workspace)
    if code is None and not outcome.cancelled:
        outcome = replace(outcome, failures=(*outcome.failures, *find_shortfalls(units, dict(job.inputs.fail_under))))
    trail.before = find_earlier_units(earlier, job.workspace)
    comparison = None if earlier is None else compare(outcome, earlier, job.workspace)
    outcome = replace(outcome, failures=(*outcome.failures, *find_flaked(comparison, job.inputs.fail_on)))
    report(job, outcome, comparison, kept.tampered, trail, units)
    return exit_code(outcome, job.inputs, comparison) if code is None else code
