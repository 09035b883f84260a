"""Says what happened: annotations, the summary, outputs, a comment and the report's files."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePath

from pipeproof.commenting import comment_on_pull_request
from pipeproof.github.context import read_event
from pipeproof.job import Job, Trail, open_api
from pipeproof.journal import remove_journal
from pipeproof.merging import describe_shard
from pipeproof.redaction import Redactor
from pipeproof.report.annotation import Annotation
from pipeproof.report.annotations import annotations
from pipeproof.report.cobertura import render_cobertura
from pipeproof.report.code_quality import render_code_quality
from pipeproof.report.coverage import Unit, render_coverage
from pipeproof.report.diagrams import render_diagrams
from pipeproof.report.exercised import render_exercised
from pipeproof.report.files import (
    AUDIT,
    COBERTURA,
    CODE_QUALITY,
    CTRF,
    JUNIT,
    PAGE,
    SARIF,
    SHARD,
    STATEMENT,
    SUMMARY,
    write_text,
)
from pipeproof.report.outputs import outputs
from pipeproof.report.page.document import render_page
from pipeproof.report.past import render_past
from pipeproof.report.sarif import render_sarif
from pipeproof.report.summary import Links, render_summary
from pipeproof.results.attestation import build_statement
from pipeproof.results.baseline import Comparison
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.junit import write_junit
from pipeproof.results.model import Run
from pipeproof.sandbox.files import place_files, rewrite_files
from pipeproof.sandbox.identity import scratch_root
from pipeproof.scratch import scratch_folder


def report(
    job: Job,
    outcome: Run,
    comparison: Comparison | None,
    tampered: Sequence[str],
    trail: Trail,
    units: Sequence[Unit],
) -> None:
    """Say what happened: annotations, summary, outputs, files."""
    inputs, outlet, context = job.inputs, job.outlet, job.context
    notes = [f"The tests wrote to {name}; it was put back as it was." for name in tampered]
    if outcome.not_run and not outcome.cancelled:
        count = len(outcome.not_run)
        notes.append(f"{count} collected test{'' if count == 1 else 's'} did not run.")
    if outcome.dropped:
        records = "one record" if outcome.dropped == 1 else f"{outcome.dropped} records"
        notes.append(f"The test process wrote {records} that pipeproof could not read as results; they were left out.")
    for note in notes:
        outlet.warn(note)
    newly_failing = {result.id for result in comparison.newly_failing} if comparison else ()
    links = Links(context.link_to if context and context.repository and context.sha else None)
    thresholds = dict(inputs.fail_under)
    faults = Faults()
    summary = ""
    page = partial(render_page, outcome, inputs.title, links, workspace=job.workspace, notes=notes)
    files: dict[str, Callable[[Path], None]] = {
        CTRF: lambda path: write_ctrf(outcome, path, inputs.title),
        JUNIT: lambda path: write_junit(outcome, path, inputs.title),
        STATEMENT: lambda path: write_statement(outcome, job.environ, path),
        SARIF: lambda path: write_text(path, render_sarif(outcome, job.workspace, newly_failing)),
        COBERTURA: lambda path: write_cobertura(units, job.workspace, outcome.started, path),
        PAGE: lambda path: write_text(path, page(comparison=comparison, units=units, thresholds=thresholds)),
    }
    if job.environ.get("GITLAB_CI") == "true":
        files[CODE_QUALITY] = lambda path: write_text(path, render_code_quality(outcome, job.workspace, newly_failing))
    with scratch_folder("report-", scratch_root()) as made:
        for name, write in files.items():
            with faults.held(), said_of_files(job):
                write(made / name)
        with faults.held():
            summary = render_summary(
                outcome,
                inputs.title,
                links,
                workspace=job.workspace,
                notes=notes,
                comparison=comparison,
                exercised=render_coverage(units, thresholds, trail.before) + render_exercised(outcome, job.workspace),
                diagrams=render_diagrams(outcome),
                past=render_past(outcome, trail.past),
            )
            with said_of_files(job):
                write_text(made / SUMMARY, summary)
        with faults.held(), said_of_files(job):
            place_report(job, made, trail)
    with faults.held():
        outlet.annotate(annotations(outcome, inputs.annotations, job.workspace, newly_failing))
    if summary and (inputs.summary == "always" or (inputs.summary == "on-failure" and outcome.conclusion != "success")):
        with faults.held():
            outlet.add_summary(summary)
    with faults.held():
        comment(job, outcome, comparison, notes, trail)
    with faults.held():
        stated = bool(job.environ.get("GITHUB_SHA"))
        outlet.set_outputs(outputs(outcome, job.report, job.workspace, trail.account_id, stated=stated))
    with faults.held():
        outlet.draw_totals(outcome, os.path.relpath(job.report))
    faults.raise_first()


class Faults:
    """Faults in steps that need nothing of each other: all steps are taken, and then the first fault is raised."""

    def __init__(self) -> None:
        self._first: Exception | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold what is raised in here."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - it is raised when the other steps have been taken
            self._first = self._first or error

    def raise_first(self) -> None:
        """Raise what was held."""
        if self._first is not None:
            raise self._first


@contextmanager
def said_of_files(job: Job) -> Iterator[None]:
    """Warn of files that cannot be written: the disk is full, say."""
    try:
        yield
    except OSError as error:
        job.outlet.warn(f"the report's files could not be written to {job.inputs.report_dir}: {error}")


def redact_own_files(job: Job, redactor: Redactor) -> None:
    """Take the secrets out of what the tests wrote into the report's folder themselves: dbt's logs, for example."""
    if redactor:
        for path in rewrite_files(job.workspace, job.report_folder, redactor.redact_bytes):
            job.outlet.warn(f"{path} was not searched for secrets: keep it to yourself")


def place_report(job: Job, made: Path, trail: Trail) -> None:
    """Put what was written, the secrets taken out, in the report's folder."""
    head = trail.audit.write(made / AUDIT)
    if job.inputs.shard and trail.unjudged:
        told = describe_shard(job.inputs.shard, *trail.unjudged, job.workspace, job.environ, head)
        write_text(made / SHARD, told)
    for name, data in trail.files.items():
        (made / name).write_bytes(data)
    rewrite_files(made, PurePath(), trail.redactor.redact_bytes)
    redact_own_files(job, trail.redactor)
    place_files(made, job.workspace, job.report_folder)
    remove_journal(job.workspace, job.report_folder)
    if head and job.outlet.on_github:
        job.outlet.say(f"{AUDIT}: {len(trail.audit.lines)} records, the last has the hash {head}")


def write_statement(outcome: Run, environment: Mapping[str, str], path: Path) -> None:
    """Write the statement about the tests' result, where there is something to state."""
    if statement := build_statement(outcome, environment):
        write_text(path, f"{json.dumps(statement, ensure_ascii=False)}\n")


def write_cobertura(units: Sequence[Unit], workspace: Path, started: float, path: Path) -> None:
    """Write the coverage, where there is any."""
    if covered := render_cobertura(units, workspace, started):
        write_text(path, covered)


def comment(job: Job, outcome: Run, comparison: Comparison | None, notes: Sequence[str], trail: Trail) -> None:
    """Write the comment on the pull request, where one is asked for."""
    inputs = job.inputs
    if inputs.pr_comment == "never" or outcome.cancelled:
        return
    comment_on_pull_request(
        outcome,
        inputs.title,
        open_api(job),
        job.context,
        read_event(job.context) if job.context else {},
        workspace=job.workspace,
        notice=lambda text: job.outlet.annotate([Annotation("notice", "pipeproof", text)]),
        redact=trail.redactor.redact,
        notes=notes,
        comparison=comparison,
        create=inputs.pr_comment == "always" or outcome.conclusion != "success",
    )
