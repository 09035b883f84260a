"""Says what happened: annotations, the summary, outputs, a comment and the report's files."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePath

from pipeproof.commenting import comment_on_pull_request
from pipeproof.github.context import read_event
from pipeproof.job import Job, Trail, open_api
from pipeproof.journal import remove_journal
from pipeproof.judging import Verdict
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
from pipeproof.report.page.markup import Markup
from pipeproof.report.past import render_past
from pipeproof.report.sarif import render_sarif
from pipeproof.report.summary import Links, render_summary
from pipeproof.results.attestation import build_statement
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.junit import write_junit
from pipeproof.results.model import Run
from pipeproof.sandbox.files import place_files, rewrite_files
from pipeproof.sandbox.identity import scratch_root
from pipeproof.scratch import scratch_folder


def report(job: Job, verdict: Verdict, tampered: Sequence[str], trail: Trail) -> None:
    """Say what happened: annotations, summary, outputs, files."""
    outcome, inputs = verdict.run, job.inputs
    notes = [f"The tests wrote to {name}; it was put back as it was." for name in tampered]
    if outcome.not_run and not outcome.cancelled:
        count = len(outcome.not_run)
        notes.append(f"{count} collected test{'' if count == 1 else 's'} did not run.")
    if outcome.dropped:
        records = "one record" if outcome.dropped == 1 else f"{outcome.dropped} records"
        notes.append(f"The test process wrote {records} that pipeproof could not read as results; they were left out.")
    verdict = replace(verdict, notes=(*notes, *verdict.notes))
    faults = Faults()
    files: dict[str, Callable[[Path], None]] = {
        CTRF: lambda path: write_ctrf(outcome, path, inputs.title),
        JUNIT: lambda path: write_junit(outcome, path, inputs.title),
    }
    with scratch_folder("report-", scratch_root()) as made:
        for name, write in files.items():
            with faults.held(), said_of_files(job):
                write(made / name)
        publish(job, verdict, trail, made, faults, place_report)
    faults.raise_first()


def publish(
    job: Job, verdict: Verdict, trail: Trail, made: Path, faults: "Faults", place: Callable[[Job, Path, Trail], None]
) -> None:
    """Say what came of a run whose tests are written out already.

    Args:
        job: Its inputs and its outlet count.
        verdict: What the run came to.
        trail: What was gathered on its way.
        made: A folder of our own, in which the tests lie; the other files of the report are added to it.
        faults: Holds what goes wrong in a step.
        place: Puts the files where the user finds them.
    """
    outcome, inputs, outlet = verdict.run, job.inputs, job.outlet
    for note in verdict.notes:
        outlet.warn(note)
    for name, write in _files(job, verdict).items():
        with faults.held(), said_of_files(job):
            write(made / name)
    summary = ""
    with faults.held():
        summary = _summarize(job, verdict)
        with said_of_files(job):
            write_text(made / SUMMARY, summary)
    placed = False
    with faults.held(), said_of_files(job):
        place(job, made, trail)
        placed = True
    with faults.held():
        outlet.annotate(annotations(outcome, inputs.annotations, job.workspace, verdict.newly_failing))
    if summary and (inputs.summary == "always" or (inputs.summary == "on-failure" and outcome.conclusion != "success")):
        with faults.held():
            outlet.add_summary(summary)
    with faults.held():
        comment(job, verdict, trail)
    with faults.held():
        stated = bool(job.environ.get("GITHUB_SHA"))
        outlet.set_outputs(outputs(outcome, job.report, job.workspace, trail.account_id, stated=stated))
    with faults.held():
        outlet.draw_totals(outcome, os.path.relpath(job.report) if placed else None)


def _files(job: Job, verdict: Verdict) -> dict[str, Callable[[Path], None]]:
    """Return what writes each file of the report beside the tests and the summary."""
    outcome = verdict.run
    files: dict[str, Callable[[Path], None]] = {
        STATEMENT: lambda path: write_statement(outcome, job.environ, path),
        SARIF: lambda path: write_text(path, render_sarif(outcome, job.workspace, verdict.newly_failing)),
        COBERTURA: lambda path: write_cobertura(verdict.units, job.workspace, outcome.started, path),
        PAGE: lambda path: write_text(path, *_page(job, verdict)),
    }
    if job.environ.get("GITLAB_CI") == "true":
        files[CODE_QUALITY] = lambda path: write_text(
            path, render_code_quality(outcome, job.workspace, verdict.newly_failing)
        )
    return files


def _page(job: Job, verdict: Verdict) -> list[Markup]:
    return render_page(
        verdict.run,
        job.inputs.title,
        _links(job),
        workspace=job.workspace,
        notes=verdict.notes,
        comparison=verdict.comparison,
        units=verdict.units,
        before=verdict.before,
        thresholds=dict(job.inputs.fail_under),
        history=verdict.history,
    )


def _summarize(job: Job, verdict: Verdict) -> str:
    outcome = verdict.run
    coverage = render_coverage(verdict.units, dict(job.inputs.fail_under), verdict.before)
    return render_summary(
        outcome,
        job.inputs.title,
        _links(job),
        workspace=job.workspace,
        notes=verdict.notes,
        comparison=verdict.comparison,
        exercised=coverage + render_exercised(outcome, job.workspace),
        diagrams=render_diagrams(outcome),
        past=render_past(outcome, verdict.history),
    )


def _links(job: Job) -> Links:
    context = job.context
    return Links(context.link_to if context and context.repository and context.sha else None)


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


def redact_files(made: Path, redactor: Redactor) -> None:
    """Take the secrets out of what was written, where there are any: the files can be large."""
    if redactor:
        rewrite_files(made, PurePath(), redactor.redact_bytes)


def place_report(job: Job, made: Path, trail: Trail) -> None:
    """Put what was written, the secrets taken out, in the report's folder."""
    head = trail.audit.write(made / AUDIT)
    if job.inputs.shard and trail.unjudged:
        told = describe_shard(job.inputs.shard, *trail.unjudged, job.workspace, job.environ, head)
        write_text(made / SHARD, told)
    for name, data in trail.files.items():
        (made / name).write_bytes(data)
    redact_files(made, trail.redactor)
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


def comment(job: Job, verdict: Verdict, trail: Trail) -> None:
    """Write the comment on the pull request, where one is asked for."""
    inputs = job.inputs
    if inputs.pr_comment == "never" or verdict.run.cancelled:
        return
    comment_on_pull_request(
        verdict.run,
        inputs.title,
        open_api(job),
        job.context,
        read_event(job.context) if job.context else {},
        workspace=job.workspace,
        notice=lambda text: job.outlet.annotate([Annotation("notice", "pipeproof", text)]),
        redact=trail.redactor.redact,
        notes=verdict.notes,
        comparison=verdict.comparison,
        create=inputs.pr_comment == "always" or verdict.run.conclusion != "success",
    )
