"""`pipeproof report FILE …`: the whole report of tests that another tool ran, from the JUnit or CTRF that it wrote.

Each test is written out as it is read; what is kept of it until the end is what the summary, the annotations and the
comparison need, the long texts within a budget. So a file may be of any size.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipeproof.errors import InputError, NoTestsError
from pipeproof.github.context import read_context
from pipeproof.github.file_commands import Snapshot
from pipeproof.inputs import Inputs
from pipeproof.job import Job, Trail, follow
from pipeproof.judging import Verdict, judge_run
from pipeproof.outlets.choice import choose_outlet
from pipeproof.report.files import CTRF, JUNIT
from pipeproof.report.outputs import exit_code
from pipeproof.reporting import Faults, publish, redact_files
from pipeproof.results.ctrf import CtrfFile
from pipeproof.results.junit import JunitFile
from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.results.quarantine import Entry, excuse_by
from pipeproof.results.reading.reports import find_reports, is_junit, read_reports
from pipeproof.results.reading.sources import Sources
from pipeproof.sandbox.files import place_files
from pipeproof.sandbox.process import Cancellation
from pipeproof.scratch import scratch_folder
from pipeproof.standard import Standard, read_standard

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
    context = read_context(environ, workspace)
    commands = Snapshot.take(environ) if context else Snapshot()
    outlet = choose_outlet(environ, workspace, commands.commands if context else None)
    job = Job(inputs, workspace, environ, context, commands, outlet, Cancellation())
    trail, standard, faults = follow(job), read_standard(job), Faults()
    with scratch_folder("report-") as made, _uncollected():
        verdict = _read_and_judge(find_reports(paths), job, standard, made)
        publish(job, verdict, trail, made, faults, _place)
    faults.raise_first()
    return exit_code(verdict.run, inputs, verdict.comparison)


def _place(job: Job, made: Path, trail: Trail) -> None:
    redact_files(made, trail.redactor)
    try:
        place_files(made, job.workspace, job.report_folder)
    except OSError as error:
        raise InputError(
            f"report-dir: {job.report_folder} cannot be written: {error.strerror or error}",
            hint="Give a folder below the workspace with --report-dir; it is made where it is missing.",
        ) from None


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


def _read_and_judge(files: Sequence[Path], job: Job, standard: Standard, made: Path) -> Verdict:
    """Read the reports, and write out each test as it is judged; what counts them follows when all are known."""
    title, alone = job.inputs.title, len(files) == 1 and is_junit(files[0]) and not standard.entries
    with CtrfFile(made / CTRF) as ctrf, nullcontext() if alone else JunitFile(made / JUNIT) as junit:
        run = _read(files, job.workspace, standard.entries, [ctrf.add, *([junit.add] if junit else [])])
        if not (run.results or run.failures or job.inputs.allow_empty):
            raise NoTestsError("the files have no test", hint="With --allow-empty true that passes.")
        verdict = judge_run(job, run, standard)
        ctrf.end(verdict.run, title)
        if junit:
            junit.end(verdict.run, title)
        else:
            shutil.copyfile(files[0], made / JUNIT)  # it is taken as it is
    return verdict


def _read(
    files: Sequence[Path], workspace: Path, entries: Sequence[Entry], writers: Sequence[Callable[[TestResult], None]]
) -> Run:
    """Read the reports, hand each test to the writers, and return the run that is left of them."""
    results: list[TestResult] = []
    failures: list[Failure] = []
    budget = _Budget()
    excuse = excuse_by(entries, datetime.now(UTC).date())
    for item in read_reports(files, Sources(workspace)):
        if isinstance(item, Failure):
            failures.append(item)
            continue
        result = excuse(item) if entries else item
        for write in writers:
            write(result)
        results.append(budget.keep(result))
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
            failures=tuple(map(self._cut, result.failures)),
            excused=tuple(map(self._cut, result.excused)),
            output=tuple(map(self._cut_output, result.output)) if result.failures else (),
            properties=(),
        )

    def _cut(self, one: Failure) -> Failure:
        most = self._tracebacks // _SHARE
        cut = one.traceback[-most:] if most else ""
        self._tracebacks = max(self._tracebacks - len(cut), 0)
        message = one.message[: max(most, _MESSAGE)]
        return Failure(one.phase, one.type, message, cut, one.file, one.line, one.subtest)

    def _cut_output(self, section: tuple[str, str]) -> tuple[str, str]:
        name, text = section
        most = self._outputs // _SHARE
        cut = text[-most:] if most else ""
        self._outputs -= len(cut)
        return name, cut
