"""The terminal: what a person at a laptop sees, with the same words as the workflow's log has."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pipeproof.report.annotation import Annotation
from pipeproof.report.wording import duration, tell_report
from pipeproof.results.collector import Collector
from pipeproof.results.model import Run, Status, TestResult
from pipeproof.text import plain, split_lines

_MARKS = {
    Status.PASSED: ("✓", "32"),
    Status.FAILED: ("✗", "31"),
    Status.ERROR: ("✗", "31"),
    Status.SKIPPED: ("-", "33"),
    Status.FLAKY: ("~", "33"),
}
_REFRESH = 0.1
_SHOWN_LINES = 60


_FLAGS = re.compile(r"-[a-zA-Z]*[sv]|--(capture=no|verbose|durations|cov-report|log-cli|setup|fixtures|co).*|-r.+")
"""Arguments of pytest by which somebody wants to see what it writes."""
_HEADER = re.compile(r"(=+|-+) (?P<title>\S.*?) (=+|-+)$")
_OWN_WORDS = re.compile(
    r"test session starts|FAILURES|ERRORS|warnings summary.*|short test summary info|.* in [\d.]+s( \(.*\))?"
)
"""Sections of pytest's output that are told otherwise; all others were asked for, in an ini file or by a plugin."""
_WARNED = 10


class Terminal:
    """Speaks to a person, in place of the workflow.

    Args:
        workspace: The folder that files are named from; they are shown relative to where the person is.
        out: Where it writes; `None` is standard output.
        environ: `NO_COLOR`, `FORCE_COLOR` and `TERM` count (https://no-color.org, https://force-color.org).
    """

    on_github = False

    def __init__(self, workspace: Path, out: TextIO | None = None, environ: Mapping[str, str] | None = None) -> None:
        environ = environ or {}
        self._workspace = workspace
        self._out = out or sys.stdout
        self._live = self._out.isatty() and environ.get("TERM") != "dumb"
        forced = bool(environ.get("FORCE_COLOR"))
        self._color = not environ.get("NO_COLOR") and (self._live or forced)
        self._holds = self._live
        self._started = time.monotonic()
        self.redact: Callable[[str], str] = str
        self._drawn = 0.0
        self._held: list[str] = []

    def say(self, text: str) -> None:
        """Write lines of our own."""
        self._show(self.redact(text))

    def _show(self, text: str) -> None:
        self._clear()
        for line in split_lines(text):
            self._out.write(f"{plain(line)}\n")
        self._out.flush()

    def pass_on(self, line: str) -> None:
        """Take one line that the user's code printed: shown at once in a log, held back where a live line is drawn."""
        if self._holds:
            self._held.append(line)
        else:
            self._show(line)

    def expect_output(self, arguments: Iterable[str]) -> None:
        """Show pytest's output as it comes where its arguments ask for some: `-s`, `-v`, `--durations`, `-rA`."""
        if any(_FLAGS.fullmatch(argument) for argument in arguments):
            self._holds = False

    def warn(self, text: str) -> None:
        """Say something that the user should know."""
        self._clear()
        self._out.write(self._paint(f"warning: {plain(self.redact(text))}", "33") + "\n")
        self._out.flush()

    def fail(self, text: str) -> None:
        """Say why the run failed, where it is not a test's failure."""
        self._clear()
        self._out.write(self._paint(f"pipeproof: {plain(self.redact(text))}", "31") + "\n")
        self._out.flush()

    def mask(self, secret: str) -> None:
        """Nothing to tell: what is written here is redacted, and nobody else logs it."""

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Name what the body does."""
        self._out.write(self._paint(f"── {plain(self.redact(title))}", "1") + "\n")
        self._out.flush()
        yield

    def annotate(self, annotations: Iterable[Annotation]) -> None:
        """Write each annotation as `file:line: title`, which editors and terminals make a link of, and its message.

        Where pytest's own output is held back, errors wait for [draw_totals][], which shows them with their tracebacks.
        """
        self._clear()
        for annotation in annotations:
            if self._holds and annotation.level == "error":
                continue
            color = {"error": "31", "warning": "33"}.get(annotation.level, "36")
            self._head(annotation.file, annotation.line, annotation.title, color)
            self._indented(annotation.message)
        self._out.flush()

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Nothing to set: a person reads the summary."""

    def add_summary(self, markdown: str) -> None:
        """Nothing to add: `summary.md` has it, and [draw_totals][] says it shortly."""

    def release_output(self) -> None:
        """Show what was held back: the run ended in a way that only pytest's own words explain."""
        self._clear()
        for line in self._held:
            self._show(line)
        self._held.clear()

    def show_progress(self, collector: Collector, ended: TestResult | None) -> None:  # noqa: ARG002 - as each outlet
        """Draw how far the run is, on one line, about ten times a second."""
        now = time.monotonic()
        if not self._live or now - self._drawn < _REFRESH:
            return
        self._drawn = now
        line = f"{self._progress(collector)}  {duration(now - self._started)}"
        self._out.write(f"\r\x1b[K{line[: _width() - 1]}")
        self._out.flush()

    def _progress(self, collector: Collector) -> str:
        """Say what is being done: tests are collected, one runs, or the last has ended."""
        done = collector.ended
        if not collector.collected:
            return "collecting the tests"
        failed = collector.failed
        bad = f", {failed} failed" if failed else ""
        running = next(iter(collector.running), "")
        doing = plain(self.redact(running)) if running else "finishing" if done >= collector.collected else ""
        return f"{done}/{collector.collected}{bad}  {doing}".rstrip()

    def draw_totals(self, run: Run, report: str | None) -> None:
        """Draw the end of a run: what failed, flaky and skipped tests in short, then the totals."""
        self._clear()
        if self._holds:
            self._draw_asked_for()
            self._draw_failures(run)
            self._draw_headlines(run)
            self._draw_warnings(run)
        for result in run.results:
            if result.status in (Status.FLAKY, Status.SKIPPED):
                mark, color = _MARKS[result.status]
                reason = f": {result.reason}" if result.reason else ""
                told = plain(self.redact(f"{result.status} {result.id}{reason}"))
                self._out.write(f"{self._paint(mark, color)} {told}\n")
        totals = run.totals
        words = [
            self._paint(f"{count} {word}", color)
            for word, count, color in (
                ("passed", totals.passed, "32"),
                ("failed", totals.failed, "31"),
                ("error" if totals.errors == 1 else "errors", totals.errors, "31"),
                ("skipped", totals.skipped, "33"),
                ("flaky", totals.flaky, "33"),
                ("not run", len(run.not_run), "33"),
            )
            if count
        ]
        verdict = self._paint(run.conclusion, "32" if run.conclusion == "success" else "31")
        self._out.write(
            f"{verdict}: {', '.join(words) or 'no tests'} in {duration(run.duration)}; {tell_report(report)}\n"
        )
        self._out.flush()

    def _draw_asked_for(self) -> None:
        """Show the sections of pytest's output that an ini file or a plugin wants: durations, coverage."""
        shown = False
        for line in self._held:
            if header := _HEADER.match(line):
                shown = not _OWN_WORDS.fullmatch(header["title"])
            if shown:
                self._show(line)
        self._held.clear()

    def _draw_warnings(self, run: Run) -> None:
        for warned in run.warnings[:_WARNED]:
            times = f" ({warned.count} times)" if warned.count > 1 else ""
            told = f"{warned.category}: {next(iter(warned.message.strip().splitlines()), '')}{times}"
            self._head(warned.file, warned.line, f"warning: {told}", "33")
        if len(run.warnings) > _WARNED:
            self._out.write(f"… and {len(run.warnings) - _WARNED} more warnings\n")

    def _draw_failures(self, run: Run) -> None:
        for failure in run.failures:
            self._head(failure.file, failure.line, "the run failed", "31")
            self._indented(failure.traceback or failure.message)
        for result in run.results:
            for failure in result.failures:
                phase = "" if failure.phase == "call" else f" ({failure.phase})"
                subtest = f" [{failure.subtest}]" if failure.subtest else ""
                self._head(failure.file, failure.line, f"{result.id}{subtest}{phase}", "31")
                self._indented(failure.traceback or failure.message)
            if result.failures:
                for name, text in result.output:
                    self._indented(f"--- {name} ---\n{text}")

    def _draw_headlines(self, run: Run) -> None:
        """Say once more, a line each, which tests failed: what they printed may have filled the screen."""
        mark = self._paint(*_MARKS[Status.FAILED])
        for result in run.results:
            for failure in result.failures:
                where = self._where(failure.file, failure.line)
                told = plain(self.redact(f"{where}{result.id}: {failure.headline}"))
                self._out.write(f"{mark} {told}\n")

    def _head(self, file: str | None, line: int | None, title: str, color: str) -> None:
        self._out.write(self._paint(plain(self.redact(f"{self._where(file, line)}{title}")), color) + "\n")

    def _where(self, file: str | None, line: int | None) -> str:
        if not file:
            return ""
        at = f":{line}" if line else ""
        return f"{os.path.relpath(self._workspace / file)}{at}: "

    def _indented(self, text: str) -> None:
        lines = plain(self.redact(text)).strip("\n").splitlines()
        if len(lines) > _SHOWN_LINES:
            lines[_SHOWN_LINES // 2 : -_SHOWN_LINES // 2] = [f"[… {len(lines) - _SHOWN_LINES} lines left out …]"]
        self._out.writelines(f"    {line}\n" for line in lines)

    def _paint(self, text: str, color: str) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if self._color else text

    def _clear(self) -> None:
        if self._live and self._drawn:
            self._out.write("\r\x1b[K")


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns
