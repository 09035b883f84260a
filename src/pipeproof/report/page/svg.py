"""What the drawings of the page have in common: their frame, and how wide a text in them is."""

import unicodedata
from collections.abc import Sequence

from pipeproof.report.page.markup import Markup, element
from pipeproof.text import plain

MARGIN = 8
"""Pixels around a drawing."""
_COLUMN = 7.3
"""Pixels that a letter takes: in drawings the font is 12 pixels high and all its letters are of one width."""


def svg(key: str, title: str, told: str, size: tuple[float, float], parts: Sequence[Markup]) -> Markup:
    """Make a drawing, which is as large as it says and can be moved where it is wider than the page.

    Args:
        key: What the ids of no other drawing begin with.
        title: What it is a drawing of.
        told: What it shows, for who cannot see it.
        size: Width and height of what is drawn, in pixels.
        parts: What is drawn.
    """
    width, height = (pixels(length + 2 * MARGIN) for length in size)
    drawing = element(
        "svg",
        element("title", title, id=f"{key}-title"),
        element("desc", told, id=f"{key}-told"),
        element("g", *parts, transform=f"translate({MARGIN} {MARGIN})"),
        role="img",
        aria_labelledby=f"{key}-title",
        aria_describedby=f"{key}-told",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )
    # With the keyboard it can only be moved where it can have the focus.
    return element("div", drawing, class_="drawing", role="region", aria_label=f"Drawing: {title}", tabindex=0)


def pixels(value: float) -> str:
    """Write a length, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


def short(name: str, most: int) -> str:
    """Give a name on one line, of a long one its start and its end."""
    shown = " ".join(plain(name).split()) or "?"
    return shown if len(shown) <= most else f"{shown[: most // 2]}…{shown[-(most - 1) // 2 :]}"


def width_of(shown: str) -> float:
    """Return the pixels that a text takes: a letter of East Asia takes two columns."""
    return _COLUMN * sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in shown)
