"""The end of a run: its outcomes held against the quarantine, the thresholds and the baseline, and then reported.

All that this needs is loaded while the tests' process starts (`main`), so nobody waits for it.
"""

from dataclasses import replace

from pipeproof.access import record_tests
from pipeproof.job import Job, Trail
from pipeproof.judging import judge_run
from pipeproof.report.outputs import exit_code
from pipeproof.reporting import report
from pipeproof.results.model import Failure, Run
from pipeproof.results.redacted import redact_run
from pipeproof.runner_files import Kept
from pipeproof.sandbox.leftovers import LeftoversError
from pipeproof.standard import Standard


def conclude(job: Job, outcome: Run, code: int | None, trail: Trail, standard: Standard, kept: Kept) -> int:
    """Judge and report what came of the tests; give the exit code.

    Args:
        job: The run's job.
        outcome: What came of the tests.
        code: The exit code, where it is not the run's own.
        trail: What was gathered on the way.
        standard: What it is held against.
        kept: How the runner's files were found after the tests.
    """
    if kept.faults:
        outcome = replace(outcome, failures=(*outcome.failures, *(Failure("session", "", f) for f in kept.faults)))
        code = code or LeftoversError.exit_code
    if trail.redactor:
        outcome = redact_run(outcome, trail.redactor.redact)
    if not job.inputs.merge:
        record_tests(trail.audit, outcome)
    trail.unjudged = outcome, code
    judged = judge_run(job, outcome, standard, complete=code is None)
    report(job, judged, kept.tampered, trail)
    return exit_code(judged.run, job.inputs, judged.comparison) if code is None else code
