"""The journal: what the tests' process told so far, in the report's folder, for the case that nobody ends the run.

A supervisor that is killed reports nothing. The events of its run lie in a file from the first test on, redacted like
the report; `pipeproof report` makes the report of them. A run that ends by itself takes the file away.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

from pipeproof.errors import InputError
from pipeproof.events import EventReader
from pipeproof.redaction import Redactor
from pipeproof.report.files import CTRF, JUNIT, PAGE, SUMMARY, write_text
from pipeproof.report.page.document import render_page
from pipeproof.report.summary import Links, render_summary
from pipeproof.results.collector import Collector
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.junit import write_junit
from pipeproof.results.model import Run
from pipeproof.sandbox.files import open_report_folder, place_files
from pipeproof.scratch import scratch_folder
from pipeproof.untrusted import Folder, read_file

JOURNAL = "journal.jsonl"

_LIMIT = 1 << 28
"""Bytes of events that are kept; tests of which no more is told count as not run."""


class Journal:
    """Takes the bytes of events as they come; where they cannot be written it takes no more, and the run goes on.

    Args:
        descriptor: Of the file; -1 for none.
        redactor: Takes the secrets out: the file may be uploaded as it is.
    """

    def __init__(self, descriptor: int, redactor: Redactor) -> None:
        self._descriptor = descriptor
        self._stream = redactor.stream()
        self._room = _LIMIT

    def feed(self, data: bytes) -> None:
        """Add events."""
        if self._descriptor < 0:
            return
        lines = self._stream.feed(data).encode("utf-8", "surrogateescape")
        self._room -= len(lines)
        try:
            if self._room >= 0:
                os.write(self._descriptor, lines)
                return
        except OSError:  # the disk is full
            pass
        self.close()

    def close(self) -> None:
        """Take no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextmanager
def kept_journal(workspace: Path, folder: PurePath, redactor: Redactor) -> Iterator[Journal]:
    """Have a journal in the report's folder, which stays after the block; where none can be made, one of nothing."""
    descriptor = -1
    with suppress(OSError), open_report_folder(workspace, folder) as (report, owner):
        report.put(JOURNAL, b"", owner)
        descriptor = report.open(JOURNAL, os.O_WRONLY | os.O_APPEND)
    journal = Journal(descriptor, redactor)
    try:
        yield journal
    finally:
        journal.close()


def remove_journal(workspace: Path, folder: PurePath) -> None:
    """Take the journal away: the report is there."""
    with suppress(OSError), Folder.below(workspace, folder) as report:
        report.remove(JOURNAL)


def finish_report(workspace: Path, folder: PurePath, title: str) -> Run:
    """Make the report of a run that was killed, of its journal, and take the journal away.

    Raises:
        InputError: There is none.
    """
    try:
        data = read_file(workspace / folder / JOURNAL, root=workspace, limit=2 * _LIMIT)
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
        write_text(made / PAGE, render_page(run, title, Links(), workspace=workspace))
        place_files(made, workspace, folder)
    remove_journal(workspace, folder)
    return run
