"""The journal: what the tests' process told so far, in the report's folder, for the case that nobody ends the run.

A supervisor that is killed reports nothing. The events of its run lie in a file from the first test on, redacted like
the report; `pipeproof report` makes the report of them. A run that ends by itself takes the file away.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

from pipeproof.redaction import Redactor
from pipeproof.sandbox.files import open_report_folder
from pipeproof.untrusted import Folder

JOURNAL = "journal.jsonl"

LIMIT = 1 << 28
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
        self._room = LIMIT

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
