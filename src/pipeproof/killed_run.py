"""The report of a run that was killed before it could make one: `pipeproof report` makes it of the journal."""

from pathlib import Path, PurePath

from pipeproof.errors import InputError
from pipeproof.events import EventReader
from pipeproof.journal import JOURNAL, LIMIT, remove_journal
from pipeproof.report.files import CTRF, JUNIT, PAGE, SUMMARY, write_text
from pipeproof.report.page.document import render_page
from pipeproof.report.summary import Links, render_summary
from pipeproof.results.collector import Collector
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.junit import write_junit
from pipeproof.results.model import Run
from pipeproof.sandbox.files import place_files
from pipeproof.scratch import scratch_folder
from pipeproof.untrusted import read_file


def finish_report(workspace: Path, folder: PurePath, title: str) -> Run:
    """Make the report of a run that was killed, of its journal, and take the journal away.

    Raises:
        InputError: There is none.
    """
    try:
        data = read_file(workspace / folder / JOURNAL, root=workspace, limit=2 * LIMIT)
    except OSError as error:
        raise InputError(
            f"{folder / JOURNAL} cannot be read: {error}",
            hint="Only a run that was killed leaves one; --directory and --report-dir say where to look.",
        ) from error
    collector, reader = Collector(workspace), EventReader()
    for event in reader.feed(data):
        collector.take(event)
    times = [result.started for result in collector.results if result.started]
    run = collector.finish(
        ended_by=None if collector.exit_status is not None else "pipeproof was killed",
        cancelled=False,
        started=min(times, default=0.0),
        duration=sum(result.duration for result in collector.results),
    )
    with scratch_folder("report-") as made:
        write_ctrf(run, made / CTRF, title)
        write_junit(run, made / JUNIT, title)
        write_text(made / SUMMARY, render_summary(run, title, Links(), workspace=workspace))
        write_text(made / PAGE, *render_page(run, title, Links(), workspace=workspace))
        place_files(made, workspace, folder)
    remove_journal(workspace, folder)
    return run
