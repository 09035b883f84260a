"""Links: a place becomes one where there is a page to link to."""

import html
from collections.abc import Callable
from dataclasses import dataclass

from pipeproof.report.markdown import code


@dataclass(frozen=True, slots=True)
class Links:
    """Makes a place into a link.

    Attributes:
        to_line: Gives the address of a file's line; `None` where nothing can be linked to.
    """

    to_line: Callable[[str, int | None], str] | None = None

    def place(self, file: str | None, line: int | None) -> str:
        """Render a place as Markdown; a file outside of the workspace has no page."""
        if not file:
            return ""
        name = code(f"{file}:{line}" if line else file)
        linked = self.to_line is not None and not file.startswith("/")
        return f'<a href="{html.escape(self.to_line(file, line))}">{name}</a>' if self.to_line and linked else name
