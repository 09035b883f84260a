"""The step's outputs and exit code."""

from pathlib import Path

from pipeproof.inputs import Inputs
from pipeproof.report.files import CTRF, JUNIT, PAGE, STATEMENT
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import EXIT_CANCELLED, EXIT_FAILED, EXIT_PASSED, Run


def exit_code(run: Run, inputs: Inputs, comparison: Comparison | None = None) -> int:
    """Give the exit code of a run whose tests were started.

    Args:
        run: The results.
        inputs: `fail-on` counts.
        comparison: What changed since the baseline, where there is one.
    """
    if run.cancelled:
        return EXIT_CANCELLED
    if run.conclusion == "failure":
        regressed = comparison is None or bool(comparison.newly_failing or run.failures)
        fails = {"failures": True, "new-flaky": True, "regressions": regressed, "never": False}
        return EXIT_FAILED if fails[inputs.fail_on] else EXIT_PASSED
    return EXIT_PASSED


def outputs(
    run: Run, report: Path, workspace: Path, account_id: str | None = None, *, stated: bool = False
) -> dict[str, str]:
    """Give the step's outputs; paths are relative to the workspace where they lie in it: later steps have it too.

    Args:
        run: The results.
        report: The folder of the report.
        workspace: The folder that files are named from.
        account_id: AWS's, where there is one.
        stated: Whether there is a statement to attest: where the commit is known.
    """
    totals = run.totals
    folder = report.relative_to(workspace) if report.is_relative_to(workspace) else report
    return {
        "conclusion": run.conclusion,
        "tests": str(totals.tests),
        "passed": str(totals.passed),
        "failed": str(totals.failed),
        "errors": str(totals.errors),
        "skipped": str(totals.skipped),
        "flaky": str(totals.flaky),
        "duration": f"{run.duration:.3f}",
        "report-dir": str(folder),
        "junit-xml": str(folder / JUNIT),
        "report-json": str(folder / CTRF),
        "report-html": str(folder / PAGE),
        "attestation": str(folder / STATEMENT) if stated else "",
        "aws-account-id": account_id or "",
    }
