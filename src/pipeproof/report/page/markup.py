"""HTML whose texts are texts: what others wrote is escaped here, and nowhere else becomes a part of the page."""

import html
from functools import cache

from pipeproof.report.links import Links
from pipeproof.report.markdown import BLANK
from pipeproof.report.tables import Cell, Code, Listed, Piece, Place, Seconds, Share, Table, gap_before
from pipeproof.report.wording import duration, percent
from pipeproof.text import plain

_VOID = {"input", "meta"}
_NAME_LIMIT = 1_000
"""Characters of a name; of a longer one its start and its end are shown."""


class Markup(str):
    """HTML, made by this module's functions alone."""

    __slots__ = ()


NOTHING = Markup("")


def text(words: str) -> Markup:
    """Show any text as it is, without what would only change how its neighbours are drawn."""
    return Markup(html.escape(_seen(words)))


def _seen(words: str) -> str:
    # Nearly all texts are plain already, and pages have many.
    return words if words.isascii() and words.isprintable() else plain(words)


def element(name: str, /, *children: "str | None", **attributes: "str | int | float | bool | None") -> Markup:
    """Make an element.

    Args:
        name: Of the element.
        children: Markup as it is, any other text escaped; None is left out.
        attributes: By their names, `class_` for `class` and `data_x` for `data-x`; None and False are left out.
    """
    inner = "".join([one if isinstance(one, Markup) else text(one) for one in children if one is not None])
    end = "" if name in _VOID else f"</{name}>"
    written = "".join([_attribute(key, value) for key, value in attributes.items()]) if attributes else ""
    return Markup(f"<{name}{written}>{inner}{end}")


def frame(name: str, **attributes: "str | int | float | bool | None") -> tuple[Markup, Markup]:
    """Make the start and the end of an element whose inside is too large to be copied; the rest as in `element`."""
    start, end = element(name, Markup("\0"), **attributes).split("\0")
    return Markup(start), Markup(end)


def _attribute(key: str, value: "str | int | float | bool | None") -> str:
    if value is None or value is False:
        return ""
    name = _name(key)
    return f" {name}" if value is True else f' {name}="{text(str(value))}"'


@cache
def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def join(parts: "list[Markup] | tuple[Markup, ...]", between: str = "") -> Markup:
    """Put markup side by side."""
    return Markup(text(between).join(parts))


def code(name: str) -> Markup:
    """Show a name as code, on one line."""
    shown = " ".join(_seen(name).split())
    if len(shown) > _NAME_LIMIT:
        shown = f"{shown[: _NAME_LIMIT // 2]}…{shown[-_NAME_LIMIT // 2 :]}"
    return element("code", shown)


def block(words: str, limit: int, label: str) -> Markup:
    """Show a text of many lines, at most so many characters of it: its start and, mostly, its end."""
    shown = plain(words).strip("\n")
    if len(shown) > limit:
        head, tail = limit // 3, limit - limit // 3
        left = len(shown) - head - tail
        shown = f"{shown[:head]}\n[… {left} characters left out; report.json has them …]\n{shown[-tail:]}"
    return element("pre", Markup(html.escape(shown)), role="group", aria_label=label)  # it is plain already


def place(file: "str | None", line: "int | None", links: Links) -> Markup:
    """Show a place, as a link where it has a page."""
    if not file:
        return NOTHING
    shown, address = code(f"{file}:{line}" if line else file), links.address(file, line)
    return element("a", shown, href=address, rel="noreferrer") if address else shown


def cell(held: Cell, links: Links) -> Markup:
    """Show what a cell holds; of a list that is longer than a summary's, the rest is folded."""
    if isinstance(held, Listed):
        items = [cell(item, links) for item in held.items]
        first, rest = join(items[: held.most], ", "), items[held.most :]
        if not rest:
            return first
        return join([first, element("details", element("summary", f"and {len(rest)} more"), join(rest, ", "))])
    if isinstance(held, tuple):
        made = [(piece, cell(piece, links)) for piece in held]
        return Markup("".join(f"{gap_before(piece)}{shown}" for piece, shown in made if shown).lstrip(" "))
    return _piece(held, links)


def _piece(held: Piece, links: Links) -> Markup:
    match held:
        case Code(name):
            return code(name) if name else NOTHING
        case Place(file, line):
            return place(file, line, links)
        case Seconds(value):
            return text(duration(value))
        case Share(value):
            return text(percent(value))
    return text(str(held))


def table(made: Table, links: Links, *, heading: bool = False) -> Markup:
    """Show a table: with its caption, columns that have something, and what follows it.

    Args:
        made: The table.
        links: How places are linked.
        heading: Whether a heading before it says the caption, which is then for screen readers alone.
    """
    columns = made.columns
    parts = []
    if made.rows:
        kinds = {at: "number" if made.is_number(at) else None for at in columns}
        head = [element("th", made.header[at], scope="col", class_=kinds[at]) for at in columns]
        rows = []
        for row in made.rows:
            cells = [element("td", cell(row[at], links) or text(BLANK), class_=kinds[at]) for at in columns]
            rows.append(element("tr", *cells))
        caption = element("caption", cell(made.caption, links), class_="unseen" if heading else None)
        parts.append(element("table", caption, element("thead", element("tr", *head)), element("tbody", join(rows))))
    elif not heading:
        parts.append(element("p", element("strong", cell(made.caption, links))))
    if made.left:
        parts.append(element("p", f"… and {made.left} more"))
    parts += [element("p", cell(remark, links)) for remark in made.remarks]
    return join(parts)
