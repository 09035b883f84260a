"""The workflow: the one place that writes to it: log, commands, masks, outputs and the job summary."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pipeproof.github.commands import neutralize, render_command
from pipeproof.github.file_commands import append_output
from pipeproof.report.annotation import Annotation
from pipeproof.report.wording import tell_report
from pipeproof.results.collector import Collector
from pipeproof.results.model import Run, TestResult
from pipeproof.text import plain, split_lines
from pipeproof.untrusted import append_to

_LINE_LIMIT = 1 << 16


class Workflow:
    """Speaks to the runner, in its log and its file commands.

    Args:
        files: The file commands by their variable (`GITHUB_OUTPUT`, `GITHUB_STEP_SUMMARY`).
        out: Where the log is written; `None` is standard output.
    """

    on_github = True

    def __init__(self, files: Mapping[str, Path], out: TextIO | None = None) -> None:
        self._files = files
        self._out = out or sys.stdout
        self.redact: Callable[[str], str] = str
        """What every text goes through before it is written; it takes the secrets out."""

    def say(self, text: str) -> None:
        """Write lines of our own to the log; what looks like a command in them is shown and not carried out."""
        for line in split_lines(self.redact(text)):
            self._write(neutralize(line))

    def pass_on(self, line: str) -> None:
        """Write one line that the user's code printed, redacted already, made harmless."""
        for part in split_lines(line):
            for start in range(0, max(len(part), 1), _LINE_LIMIT):
                self._write(neutralize(part[start : start + _LINE_LIMIT]))

    def expect_output(self, arguments: Iterable[str]) -> None:
        """Nothing is held back anyway."""

    def warn(self, text: str) -> None:
        """Say something that the user should see on the run's page."""
        self.annotate([Annotation("warning", "pipeproof", text)])

    def fail(self, text: str) -> None:
        """Say why the run failed, where it is not a test's failure."""
        self.annotate([Annotation("error", "pipeproof", text)])

    def mask(self, secret: str) -> None:
        """Have the runner mask a secret in all that is logged from here on, each of its lines."""
        for line in split_lines(secret):
            if line.strip():
                self._write(render_command("add-mask", line))

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what the body logs under a title."""
        self._write(render_command("group", plain(self.redact(title))))
        try:
            yield
        finally:
            self._write(render_command("endgroup"))

    def annotate(self, annotations: Iterable[Annotation]) -> None:
        """Write annotations."""
        for annotation in annotations:
            self._write(
                render_command(
                    annotation.level,
                    self.redact(annotation.message),
                    file=self.redact(annotation.file) if annotation.file else None,
                    line=annotation.line,
                    title=self.redact(annotation.title),
                )
            )

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Set the step's outputs."""
        if path := self._files.get("GITHUB_OUTPUT"):
            for name, value in outputs.items():
                append_output(path, name, self.redact(value))

    def add_summary(self, markdown: str) -> None:
        """Add to the job summary."""
        if path := self._files.get("GITHUB_STEP_SUMMARY"):
            append_to(path, f"{self.redact(markdown)}\n".encode("utf-8", "replace"))

    def show_progress(self, collector: Collector, ended: TestResult | None) -> None:
        """Nothing to draw: the log has pytest's own lines."""

    def release_output(self) -> None:
        """Nothing is held back."""

    def draw_totals(self, run: Run, report: str | None) -> None:
        """End the log with the totals."""
        totals = run.totals
        self.say(
            f"{run.conclusion}: {totals.tests} tests, {totals.passed} passed, {totals.failed} failed, "
            f"{totals.errors} errors, {totals.skipped} skipped, {totals.flaky} flaky; {tell_report(report)}"
        )

    def _write(self, line: str) -> None:
        self._out.write(line.encode("utf-8", "replace").decode() + "\n")
        self._out.flush()
