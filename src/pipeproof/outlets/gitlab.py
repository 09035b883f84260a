"""GitLab CI: the plain log, folded into sections.

Source: docs.gitlab.com, "CI/CD job logs", "Custom collapsible sections".
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from pipeproof.outlets.terminal import Terminal


class GitLab(Terminal):
    """Speaks to the log of a GitLab job; what is on the merge request comes of the report's files."""

    _sections = 0

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what the body logs under a title; no line of the tests can begin a section, for it has no escapes."""
        self._sections += 1
        name = f"pipeproof_{self._sections}"
        self._out.write(f"\x1b[0Ksection_start:{int(time.time())}:{name}\r\x1b[0K")
        with super().group(title):
            try:
                yield
            finally:
                self._out.write(f"\x1b[0Ksection_end:{int(time.time())}:{name}\r\x1b[0K\n")
                self._out.flush()
