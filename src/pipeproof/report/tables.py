"""Tables before they are Markdown or HTML: each cell says what it holds, so that each report can show it in its way."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeproof.report.links import Links
from pipeproof.report.markdown import code, details, escaped, tidy_table
from pipeproof.report.wording import duration, percent


@dataclass(frozen=True, slots=True)
class Code:
    """A name, or a piece of code."""

    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A file and a line of it."""

    file: str | None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Seconds:
    """A duration."""

    value: float


@dataclass(frozen=True, slots=True)
class Share:
    """A share, in percent."""

    value: float


@dataclass(frozen=True, slots=True)
class Listed:
    """Items, of which a report shows some: `most` in a summary."""

    items: tuple["Piece | tuple[Piece, ...]", ...]
    most: int


Piece = str | int | Code | Place | Seconds | Share
Cell = Piece | Listed | tuple[Piece | Listed, ...]
"""What stands in a cell; pieces stand side by side. A text is shown as it is, whatever is in it."""

NUMBERS = (int, Seconds, Share)


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        caption: What it is about.
        header: The columns' names.
        rows: A cell a column.
        left: How many rows more there are.
        remarks: Lines that follow it.
    """

    caption: Cell
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left: int = 0
    remarks: tuple[Cell, ...] = ()

    @property
    def columns(self) -> tuple[int, ...]:
        """Return the places of the columns that have something in a row."""
        return tuple(at for at in range(len(self.header)) if any(not is_blank(row[at]) for row in self.rows))

    def is_number(self, column: int) -> bool:
        """Whether a column has numbers alone."""
        return all(isinstance(row[column], NUMBERS) or is_blank(row[column]) for row in self.rows)


def is_blank(cell: Cell) -> bool:
    """Whether a cell has nothing to show."""
    if isinstance(cell, tuple):
        return all(is_blank(piece) for piece in cell)
    if isinstance(cell, Listed):
        return not cell.items
    return cell == "" or (isinstance(cell, Code) and not cell.text) or (isinstance(cell, Place) and not cell.file)


def gap_before(piece: Piece | Listed) -> str:
    """Return what stands between a piece and the one before it: no blank where it goes on with a colon or a comma."""
    return "" if isinstance(piece, str) and piece.startswith((":", ",")) else " "


def listed(items: Iterable["Piece | tuple[Piece, ...]"], most: int) -> Listed:
    """Make a list of items, each once."""
    return Listed(tuple(dict.fromkeys(items)), most)


def first_rows(rows: Iterable[tuple[Cell, ...]], most: int) -> tuple[tuple[tuple[Cell, ...], ...], int]:
    """Return the first rows, and how many more there are."""
    found = tuple(rows)
    return found[:most], max(0, len(found) - most)


def render_cell(cell: Cell, links: Links = Links()) -> str:  # noqa: B008 - it is frozen
    """Render a cell as Markdown."""
    if isinstance(cell, Listed):
        shown = ", ".join(render_cell(item, links) for item in cell.items[: cell.most])
        left = len(cell.items) - cell.most
        return f"{shown}, … and {left} more" if left > 0 else shown
    if isinstance(cell, tuple):
        texts = ((piece, render_cell(piece, links)) for piece in cell)
        return "".join(f"{gap_before(piece)}{text}" for piece, text in texts if text).lstrip(" ")
    match cell:
        case Code(text):
            return code(text)
        case Place(file, line):
            return links.place(file, line)
        case Seconds(value):
            return duration(value)
        case Share(value):
            return percent(value).replace(" ", "&nbsp;")
    return escaped(str(cell))


def render_table(table: Table, links: Links = Links()) -> str:  # noqa: B008 - it is frozen
    """Render a table as Markdown, without its caption."""
    align = "".join("r" if table.is_number(at) else "l" for at in range(len(table.header)))
    rows = [tuple(render_cell(cell, links) for cell in row) for row in table.rows]
    text = tidy_table(table.header, rows, align) if rows else ""
    text += f"\n… and {table.left} more\n" if table.left else ""
    return text + "".join(f"\n{render_cell(remark, links)}\n" for remark in table.remarks)


def fold_table(table: Table | None, links: Links = Links()) -> str:  # noqa: B008 - it is frozen
    """Render a table as Markdown, folded under its caption; empty where there is none."""
    return details(render_cell(table.caption, links), render_table(table, links)) if table else ""
