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

    def address(self, file: str, line: int | None) -> str | None:
        """Return the address of a place; a file outside of the workspace has none."""
        return None if self.to_line is None or file.startswith("/") else self.to_line(file, line)

    def place(self, file: str | None, line: int | None) -> str:
        """Render a place as Markdown, as a link where it has a page."""
        if not file:
            return ""
        name, address = code(f"{file}:{line}" if line else file), self.address(file, line)
        return f'<a href="{html.escape(address)}">{name}</a>' if address else name
