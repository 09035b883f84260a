"""$formatInteger and $parseInteger: XPath's pictures of whole numbers: digits, words, Roman numerals, letters."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, internal_error
from pipeproof.stepfunctions.expressions.jsonata.functions import words
from pipeproof.stepfunctions.expressions.jsonata.texts import number_text
from pipeproof.stepfunctions.expressions.jsonata.values import double, floor
from pipeproof.stepfunctions.values import MISSING

_ZEROS = (
    0x30, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
)  # fmt: skip
"""The zeros of the scripts that have digits."""
_LEADING = re.compile(r"\s*([-+]?)(?:0[xX]([0-9a-fA-F]+)|([0-9]+))")
_KINDS = {"A": "letters", "a": "letters", "I": "roman", "i": "roman", "W": "words", "Ww": "words", "w": "words"}


@dataclass(slots=True)
class IntegerPicture:
    """How a whole number is written.

    Attributes:
        kind: decimal, letters, roman, words or sequence (which is not supported).
        text: The picture without its modifier.
        ordinal: first, 1st.
        zero: The code of the script's zero.
        mandatory: How many digits there are at least.
        optional: How many `#` the picture has.
        separators: Places, in digits from the right, and characters of grouping separators.
        regular: The size of groups, if all are of one size and character; else 0.
    """

    kind: str
    text: str
    ordinal: bool = False
    zero: int = 0x30
    mandatory: int = 0
    optional: int = 0
    separators: list[tuple[int, str]] = field(default_factory=list)
    regular: int = 0


def read_picture(picture: str) -> IntegerPicture:
    """Return what a picture says.

    Raises:
        JsonataError: D3131, digits of several scripts.
    """
    primary, semicolon, modifier = picture.rpartition(";")
    if not semicolon:
        primary, modifier = picture, ""
    ordinal = modifier.startswith("o")
    if primary in _KINDS:
        return IntegerPicture(_KINDS[primary], primary, ordinal)
    read = IntegerPicture("decimal", primary, ordinal)
    zero = None
    position = 0
    for letter in reversed(primary):
        group = next((start for start in _ZEROS if start <= ord(letter) <= start + 9), None)
        if group is not None:
            if zero not in (None, group):
                raise JsonataError("D3131")
            zero = group
            read.mandatory += 1
            position += 1
        elif letter == "#":
            read.optional += 1
            position += 1
        else:
            read.separators.append((position, letter))
    if zero is None:
        read.kind = "sequence"
    else:
        read.zero, read.regular = zero, _regular(read.separators)
    return read


def _regular(separators: list[tuple[int, str]]) -> int:
    if len({letter for _, letter in separators}) != 1:
        return 0
    places = [place for place, _ in separators]
    size = reduce(math.gcd, places)
    return size if size and all(size * (index + 1) in places for index in range(len(places))) else 0


def format_integer(value: Any, picture: Any) -> Any:
    """Return the number, rounded down, as the picture writes it.

    Raises:
        JsonataError: D3130 or D3131, the picture cannot be used.
    """
    return MISSING if value is MISSING else written(floor(value), read_picture(picture))


def written(value: int | float, picture: IntegerPicture) -> str:
    """Return the whole number as the picture writes it."""
    size = abs(value)
    match picture.kind:
        case "letters":
            text = words.to_letters(size, picture.text)
        case "roman":
            text = words.to_roman(size)
            text = text.upper() if picture.text == "I" else text
        case "words":
            text = words.to_words(size, picture.ordinal)
            text = {"W": text.upper(), "w": text.lower()}.get(picture.text, text)
        case "decimal":
            text = _decimal(size, picture)
        case _:
            raise JsonataError("D3130", value=picture.text)
    return f"-{text}" if value < 0 else text


def _decimal(value: int | float, picture: IntegerPicture) -> str:
    text = number_text(value).rjust(picture.mandatory, "0")
    if picture.zero != 0x30:
        text = "".join(chr(ord(letter) + picture.zero - 0x30) for letter in text)
    if picture.regular:
        for index in range((len(text) - 1) // picture.regular, 0, -1):
            at = len(text) - index * picture.regular
            text = text[:at] + picture.separators[0][1] + text[at:]
    else:
        for place, letter in reversed(picture.separators):
            at = len(text) - place
            text = text[: max(at, 0)] + letter + text[at:]
    if not picture.ordinal:
        return text
    suffix = {"1": "st", "2": "nd", "3": "rd"}.get(text[-1:], "th")
    return text + ("th" if len(text) > 1 and text[-2] == "1" else suffix)


def parse_integer(text: Any, picture: Any) -> Any:
    """Return the number that a text says; NaN where it says none.

    Raises:
        JsonataError: D3130 or D3131, the picture cannot be used.
    """
    return MISSING if text is MISSING else reader(read_picture(picture))[1](text)


def reader(picture: IntegerPicture, width: int = 0) -> tuple[str, Callable[[str], int | float]]:
    """Return how a number is read: the pattern of its text, and what the text says.

    Args:
        picture: How it is written.
        width: How many digits it has at most, or 0.
    """
    upper = picture.text[:1].isupper()
    match picture.kind:
        case "letters":
            return ("[A-Z]+" if upper else "[a-z]+"), lambda text: words.from_letters(text, picture.text)
        case "roman":
            return ("[MDCLXVI]+" if upper else "[mdclxvi]+"), lambda text: words.from_roman(
                text if upper else text.upper()
            )
        case "words":
            return words.PATTERN, lambda text: words.from_words(text.lower())
        case "decimal":
            often = "+" if width <= 0 else f"{{{width - picture.optional if picture.optional else width},{width}}}"
            return f"[0-9]{often}" + ("(?:th|st|nd|rd)" if picture.ordinal else ""), lambda text: _read_decimal(
                text, picture
            )
        case _:
            raise JsonataError("D3130", value=picture.text)


def _read_decimal(text: str, picture: IntegerPicture) -> int | float:
    digits = text[: max(len(text) - 2, 0)] if picture.ordinal else text
    for letter in {","} if picture.regular else {letter for _, letter in picture.separators}:
        digits = digits.replace(letter, "")
    if picture.zero != 0x30:
        if any(ord(letter) < picture.zero - 0x30 for letter in digits):
            raise internal_error("a number in digits of another script than the picture's")
        digits = "".join(chr(ord(letter) - picture.zero + 0x30) for letter in digits)
    return leading_number(digits)


def leading_number(text: str) -> int | float:
    """Return the whole number that a text begins with, decimal or after 0x; NaN where there is none."""
    found = _LEADING.match(text)
    if found is None:
        return math.nan
    number = int(found[2], 16) if found[2] else int(found[3])
    return double(-number if found[1] == "-" else number)
