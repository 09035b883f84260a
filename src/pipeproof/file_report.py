"""`pipeproof report FILE …`: the whole report of tests that another tool ran, from the JUnit or CTRF that it wrote.

Each test is written out as it is read; what is kept of it until the end is what the summary, the annotations and the
comparison need, the long texts within a budget. So a file may be of any size.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from pipeproof.errors import InputError, NoTestsError
from pipeproof.github.context import Context, read_context
from pipeproof.github.file_commands import Snapshot
from pipeproof.inputs import Inputs, artifact_pattern
from pipeproof.outlets.choice import choose_outlet
from pipeproof.report.annotations import annotations
from pipeproof.report.code_quality import render_code_quality
from pipeproof.report.coverage import find_earlier_units, find_shortfalls, find_units, render_coverage
from pipeproof.report.diagrams import render_diagrams
from pipeproof.report.exercised import render_exercised
from pipeproof.report.files import CODE_QUALITY, CTRF, JUNIT, PAGE, SARIF, SUMMARY, write_text
from pipeproof.report.outputs import exit_code, outputs
from pipeproof.report.page.document import render_page
from pipeproof.report.past import render_past
from pipeproof.report.sarif import render_sarif
from pipeproof.report.summary import Links, render_summary
from pipeproof.results.baseline import compare, find_flaked, read_baseline
from pipeproof.results.commit import find_commit
from pipeproof.results.ctrf import CtrfFile
from pipeproof.results.junit import JunitFile
from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.results.past import read_past
from pipeproof.results.reading.reports import find_reports, is_junit, read_reports
from pipeproof.results.reading.sources import Sources
from pipeproof.sandbox.files import place_files
from pipeproof.scratch import scratch_folder

_TRACEBACKS, _OUTPUTS = 1 << 21, 1 << 20
"""Characters of the tracebacks and of the output of tests that failed which are kept for the summary."""
_SHARE = 256
_MESSAGE = 1_000


def report_files(paths: Sequence[Path], inputs: Inputs, workspace: Path, environ: Mapping[str, str]) -> int:
    """Make the report of test results in files; give the exit code, as that of a run of the same tests.

    Args:
        paths: JUnit or CTRF files, or folders of them.
        inputs: Those count that say where the report goes, how it looks, what it is held against, and what fails.
        workspace: The folder that files are named from.
        environ: The process's environment.

    Raises:
        InputError: A file is broken, or there is none.
        NoTestsError: There is no test in them.
    """
    if artifact_pattern(inputs.baseline):
        raise InputError("baseline: auto is for the action", hint="Name a report.json, or a folder of them.")
    earlier = read_baseline(workspace / inputs.baseline) if inputs.baseline else None
    past = read_past(workspace / inputs.history) if inputs.history else {}
    context = read_context(environ, workspace)
    outlet = choose_outlet(environ, workspace, Snapshot.take(environ).commands if context else None)
    folder = PurePath(os.path.normpath(inputs.report_dir))
    with scratch_folder("report-") as made, _uncollected():
        files = find_reports(paths)
        with CtrfFile(made / CTRF) as ctrf, _junit_for(files, made / JUNIT) as junit:
            run = _read(files, workspace, ctrf, junit)
            if not (run.results or run.failures or inputs.allow_empty):
                raise NoTestsError("the files have no test", hint="With --allow-empty true that passes.")
            units = find_units(run, workspace)
            comparison = None if earlier is None else compare(run, earlier, workspace)
            failures = (
                *run.failures,
                *find_shortfalls(units, dict(inputs.fail_under)),
                *find_flaked(comparison, inputs.fail_on),
            )
            run = replace(run, failures=failures, environment=find_commit(environ))
            ctrf.end(run, inputs.title)
            if junit:
                junit.end(run, inputs.title)
            else:
                shutil.copyfile(files[0], made / JUNIT)
        newly_failing = {result.id for result in comparison.newly_failing} if comparison else set()
        write_text(made / SARIF, render_sarif(run, workspace, newly_failing))
        if environ.get("GITLAB_CI") == "true":
            write_text(made / CODE_QUALITY, render_code_quality(run, workspace, newly_failing))
        before = find_earlier_units(earlier, workspace)
        links, thresholds = _links(context), dict(inputs.fail_under)
        page = partial(render_page, run, inputs.title, links, workspace=workspace, comparison=comparison)
        write_text(made / PAGE, page(units=units, thresholds=thresholds))
        summary = render_summary(
            run,
            inputs.title,
            links,
            workspace=workspace,
            comparison=comparison,
            exercised=render_coverage(units, thresholds, before) + render_exercised(run, workspace),
            diagrams=render_diagrams(run),
            past=render_past(run, past),
        )
        write_text(made / SUMMARY, summary)
        try:
            place_files(made, workspace, folder)
        except OSError as error:
            raise InputError(
                f"report-dir: {folder} cannot be written: {error.strerror or error}",
                hint="Give a folder below the workspace with --report-dir; it is made where it is missing.",
            ) from None
    outlet.annotate(annotations(run, inputs.annotations, workspace, newly_failing))
    if inputs.summary == "always" or (inputs.summary == "on-failure" and run.conclusion != "success"):
        outlet.add_summary(summary)
    outlet.set_outputs(outputs(run, workspace / folder, workspace))
    outlet.draw_totals(run, os.path.relpath(workspace / folder))
    return exit_code(run, inputs, comparison)


def _links(context: Context | None) -> Links:
    return Links(context.link_to if context and context.repository and context.sha else None)


def _junit_for(files: Sequence[Path], path: Path) -> AbstractContextManager[JunitFile | None]:
    """Return the JUnit file to write; one that is read alone is taken as it is."""
    return nullcontext() if len(files) == 1 and is_junit(files[0]) else JunitFile(path)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python look for no circles among hundreds of thousands of results: there are none, and it takes a quarter."""
    import gc

    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _read(files: Sequence[Path], workspace: Path, ctrf: CtrfFile, junit: JunitFile | None) -> Run:
    """Read the reports, write out each test, and return the run that is left of them."""
    results: list[TestResult] = []
    failures: list[Failure] = []
    budget = _Budget()
    for item in read_reports(files, Sources(workspace)):
        if isinstance(item, Failure):
            failures.append(item)
            continue
        ctrf.add(item)
        if junit:
            junit.add(item)
        results.append(budget.keep(item))
    started = min((result.started for result in results if result.started), default=0.0)
    return Run(tuple(results), tuple(failures), started=started, duration=sum(result.duration for result in results))


class _Budget:
    """What room is left for long texts: each may have a part of it, so that the first ones are whole."""

    def __init__(self) -> None:
        self._tracebacks, self._outputs = _TRACEBACKS, _OUTPUTS

    def keep(self, result: TestResult) -> TestResult:
        """Return a result with what is kept of its texts: their ends, which say how it ended."""
        if result.status is Status.PASSED and not (result.output or result.properties):
            return result
        return replace(
            result,
            failures=tuple(self._cut(failure) for failure in result.failures),
            output=tuple(map(self._cut_output, result.output)) if result.failures else (),
            properties=(),
        )

    def _cut(self, failure: Failure) -> Failure:
        most = self._tracebacks // _SHARE
        cut = failure.traceback[-most:] if most else ""
        self._tracebacks = max(self._tracebacks - len(cut), 0)
        return replace(failure, message=failure.message[: max(most, _MESSAGE)], traceback=cut)

    def _cut_output(self, section: tuple[str, str]) -> tuple[str, str]:
        name, text = section
        most = self._outputs // _SHARE
        cut = text[-most:] if most else ""
        self._outputs -= len(cut)
        return name, cut
