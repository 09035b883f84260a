"""What an outlet offers: the steps of a run say all that they say through one."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from pipeproof.report.annotation import Annotation
from pipeproof.results.collector import Collector
from pipeproof.results.model import Run, TestResult


class Outlet(Protocol):
    """The workflow or a terminal."""

    redact: Callable[[str], str]
    """What every text goes through before it is written; it takes the secrets out."""

    @property
    def on_github(self) -> bool:
        """Whether GitHub's runner reads what is written."""

    def say(self, text: str) -> None:
        """Write lines of our own."""

    def pass_on(self, line: str) -> None:
        """Write one line that the user's code printed, redacted already, made harmless."""

    def expect_output(self, arguments: Iterable[str]) -> None:
        """Know pytest's arguments: some ask for its own output, which is then not held back."""

    def warn(self, text: str) -> None:
        """Say something that the user should know."""

    def fail(self, text: str) -> None:
        """Say why the run failed, where it is not a test's failure."""

    def mask(self, secret: str) -> None:
        """Have a secret masked in all that others log from here on."""

    def group(self, title: str) -> AbstractContextManager[None]:
        """Put what the body writes under a title."""

    def annotate(self, annotations: Iterable[Annotation]) -> None:
        """Write annotations."""

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Set the step's outputs."""

    def add_summary(self, markdown: str) -> None:
        """Add to the job summary."""

    def show_progress(self, collector: Collector, ended: TestResult | None) -> None:
        """Show how far the run is."""

    def release_output(self) -> None:
        """Show what was held back: the run ended in a way that only pytest's own words explain."""

    def draw_totals(self, run: Run, report: str | None) -> None:
        """Show the end of a run: the totals, and where the report is; None where it could not be written."""
