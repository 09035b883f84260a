"""Whole numbers in English words, Roman numerals and letters, there and back."""

import math
import re

from pipeproof.stepfunctions.expressions.jsonata.errors import internal_error
from pipeproof.stepfunctions.expressions.jsonata.values import double

_SMALL = [
    "Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
    "Eleven", "Twelve", "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen",
]  # fmt: skip
_ORDINALS = [
    "Zeroth", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth", "Ninth", "Tenth",
    "Eleventh", "Twelfth", "Thirteenth", "Fourteenth", "Fifteenth", "Sixteenth", "Seventeenth", "Eighteenth",
    "Nineteenth",
]  # fmt: skip
_TENS = [
    "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety", "Hundred",
]  # fmt: skip
_LARGE = [
    "Thousand", "Million", "Billion", "Trillion",
]  # fmt: skip
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_ROMAN_VALUES = {"M": 1000, "D": 500, "C": 100, "L": 50, "X": 10, "V": 5, "I": 1}


def _values() -> dict[str, int]:
    values = {word.lower(): index for names in (_SMALL, _ORDINALS) for index, word in enumerate(names)}
    for index, word in enumerate(_TENS):
        values[word.lower()] = values[word.lower()[:-1] + "ieth"] = (index + 2) * 10
    values["hundredth"] = 100
    for index, word in enumerate(_LARGE):
        values[word.lower()] = values[word.lower() + "th"] = 1000 ** (index + 1)
    return values


_VALUES = _values()
PATTERN = "(?:" + "|".join([*_VALUES, "and", "[\\-, ]"]) + ")+"


def to_words(value: int | float, ordinal: bool) -> str:
    """Twelve thousand, three hundred and forty-five; Twelfth.

    Raises:
        JsonataError: It is no number.
    """
    if value != value:
        raise internal_error("what is not a number cannot be written in words")
    return _words(value, False, ordinal)


def _words(number: int | float, after: bool, ordinal: bool) -> str:
    if number <= 19:
        return (" and " if after else "") + (_ORDINALS if ordinal else _SMALL)[int(number)]
    if number < 100:
        tens, ones = divmod(int(number), 10)
        words = (" and " if after else "") + _TENS[tens - 2]
        if ones:
            return words + "-" + _words(ones, False, ordinal)
        return words[:-1] + "ieth" if ordinal else words
    lead = ", " if after else ""
    if number < 1000:
        hundreds, rest = divmod(int(number), 100)
        words = lead + _SMALL[hundreds] + " Hundred"
    else:
        power = min(int(math.log10(number) / 3), len(_LARGE))
        factor = 1000**power
        many = math.floor(number / factor)
        rest = int(number - many * factor)
        words = lead + _words(many, False, False) + " " + _LARGE[power - 1]
    if rest:
        return words + _words(rest, True, ordinal)
    return words + "th" if ordinal else words


def from_words(text: str) -> int | float:
    """Return the number that words in lower case say; NaN where one of them is none."""
    segments: list[int | float] = [0]
    for word in re.split(r",\s|\sand\s|[\s\\-]", text):
        value: int | float = _VALUES.get(word, math.nan)
        if value < 100:
            top = segments.pop()
            if top >= 1000:
                segments.append(top)
                top = 0
            segments.append(top + value)
        else:
            segments.append(segments.pop() * value)
    return sum(segments)


def to_roman(value: int | float) -> str:
    """Return the number in Roman numerals, lower case; nothing for 0.

    Raises:
        JsonataError: It has more numerals than the reference can write.
    """
    if value >= 10_000_000:
        raise internal_error(f"{value} is too large for Roman numerals")
    text = ""
    for size, numeral in _ROMAN:
        while value >= size:
            text += numeral
            value -= size
    return text


def from_roman(text: str) -> int | float:
    """Return the number that Roman numerals in upper case say; NaN where a letter is none."""
    total: int | float = 0
    most = 1
    for letter in reversed(text):
        value = _ROMAN_VALUES.get(letter)
        if value is None:
            return math.nan
        if value < most:
            total -= value
        else:
            most = value
            total += value
    return total


def to_letters(value: int | float, first: str) -> str:
    """a, b, …, z, aa, ab, …"""
    letters = ""
    while value > 0:
        value, index = divmod(value - 1, 26)
        letters = chr(int(index) + ord(first)) + letters
    return letters


def from_letters(text: str, first: str) -> int | float:
    """Return the number that letters say."""
    total: int | float = 0
    for index, letter in enumerate(reversed(text)):
        total = double(total + (ord(letter) - ord(first) + 1) * double(26**index))
    return total
