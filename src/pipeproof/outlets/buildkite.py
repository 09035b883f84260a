"""Buildkite: the plain log with its groups, and the summary as an annotation of the build.

Source: buildkite.com/docs, "Managing log output" and "buildkite-agent annotate".
"""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pipeproof.outlets.terminal import Terminal
from pipeproof.results.model import Run

_GROUP = re.compile(r"---|\+\+\+|~~~|\^\^\^")
_PATIENCE = 60.0
"""Seconds that the agent may take."""
_STYLES = {"✅": "success", "❌": "error", "🚫": "warning"}
"""The annotation's style by the sign that the summary's headline begins with."""


class Buildkite(Terminal):
    """Speaks to the log of a Buildkite job, and to the build's page by its agent."""

    def __init__(self, workspace: Path, out: TextIO | None = None, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(workspace, out, environ)
        self._environ = dict(environ or {})

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what the body logs under a title."""
        self.say(f"--- {title}")
        yield

    def pass_on(self, line: str) -> None:
        """Pass on a line of the tests; one that would begin a group is moved by a blank."""
        super().pass_on(f" {line}" if _GROUP.match(line) else line)

    def draw_totals(self, run: Run, report: str | None) -> None:
        """End the log with the totals, in a group that is open."""
        self.say("+++ Report")
        super().draw_totals(run, report)

    def add_summary(self, markdown: str) -> None:
        """Annotate the build with the summary, where the agent is at hand; it never fails a run."""
        agent = shutil.which("buildkite-agent", path=self._environ.get("PATH"))
        if agent is None:
            return
        title = next(iter(markdown.splitlines()), "")
        style = next((style for mark, style in _STYLES.items() if mark in title), "info")
        context = f"pipeproof-{self._environ.get('BUILDKITE_STEP_ID') or self._environ.get('BUILDKITE_JOB_ID', '')}"
        try:
            done = subprocess.run(
                [agent, "annotate", "--style", style, "--context", context],
                input=self.redact(markdown).encode("utf-8", "replace"),
                capture_output=True,
                timeout=_PATIENCE,
                check=False,
                env=self._environ,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            self.warn(f"the build could not be annotated: {error}")
            return
        if done.returncode:
            self.warn(f"the build could not be annotated: {done.stderr.decode('utf-8', 'replace').strip()[:500]}")
