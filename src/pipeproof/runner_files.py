"""Keeps what the runner reads as it is while the user's code runs."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from pipeproof.github.file_commands import closed_folders
from pipeproof.job import Job
from pipeproof.sandbox.identity import Home
from pipeproof.sandbox.leftovers import LeftoversError, end_leftovers


@dataclass
class Kept:
    """How what the runner reads was found after the last process of the user's.

    Attributes:
        tampered: The variables whose files had been changed; they were put back.
        faults: Why it cannot be shown that they are now as they were.
    """

    tampered: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@contextmanager
def kept_for_the_runner(job: Job, home: Home) -> Iterator[Kept]:
    """Keep the runner's files as they are: closed while the user's code runs, put back once nothing of it is left."""
    kept = Kept()
    with closed_folders(job.environ) if home.user and job.context else nullcontext():
        try:
            yield kept
        finally:
            try:
                end_leftovers(None, home.user)
            except LeftoversError as error:
                kept.faults = (str(error),)
            try:
                kept.tampered = job.files.restore()
            except OSError as error:
                kept.faults += (f"the file commands could not be put back as they were: {error}",)
