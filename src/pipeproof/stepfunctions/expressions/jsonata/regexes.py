"""JavaScript's regular expressions on Python's `re`.

The text is matched as JavaScript sees it, in UTF-16 units. Classes like `\\w` are ASCII's, `$` is the very end, and
names of groups are written in Python's way. What `re` cannot do (lookbehind of a varying length) is an error.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeproof.stepfunctions.expressions.jsonata.slow_regexes import SHORT, Spans, may_be_slow, search
from pipeproof.stepfunctions.expressions.jsonata.values import units

_SPACES = r" \t\n\r\f\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_ENDS = r"\n\r\u2028\u2029"
_OUTSIDE = {
    "d": "[0-9]", "D": "[^0-9]", "w": "[A-Za-z0-9_]", "W": "[^A-Za-z0-9_]", "s": f"[{_SPACES}]", "S": f"[^{_SPACES}]",
    "b": r"(?a:\b)", "B": r"(?a:\B)", "v": r"\v",
}  # fmt: skip
_INSIDE = {"d": "0-9", "w": "A-Za-z0-9_", "s": _SPACES, "b": r"\x08", "v": r"\v"}
_NEGATED = {"D": "0-9", "W": "A-Za-z0-9_", "S": _SPACES}
_CODE = re.compile(r"u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|c([A-Za-z])")
_BACK = re.compile(r"[1-9][0-9]*")
_OCTAL = re.compile(r"[0-3][0-7]{0,2}|[4-7][0-7]?")
_OFTEN = re.compile(r"[*+?]|\{[0-9]+(?:,[0-9]*)?\}")
_GROUP = re.compile(r"\(\?(?:[:=!]|<[=!]|<([A-Za-z_$][\w$]*)>)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern.

    Attributes:
        source: As it was written.
        compiled: For texts in UTF-16 units.
        slow: It may run for ever.
    """

    source: str
    compiled: re.Pattern[str]
    slow: bool = False

    def search(self, text: str, start: int) -> re.Match[str] | Spans | None:
        """Return the next match at or after a position; its spans count, not its texts.

        Raises:
            JsonataError: It takes too long.
        """
        alike = (
            self.compiled.flags & re.IGNORECASE
            and not text.isascii()
            and not any(map(self.source.__contains__, _ALIKE))
        )
        text = text.translate(_MASKED) if alike else text
        if self.slow and len(text) - start > SHORT:
            return search(self.compiled, text, start)
        return self.compiled.search(text, start)


_ALIKE = "İıſ\u1e9e\u03f4\u2126\u212a\u212b"
"""Letters that Python takes for i, s, ß, θ, ω, k and å where case does not count, and JavaScript does not."""
_MASKED = {ord(letter): 0xE000 + index for index, letter in enumerate(_ALIKE)}


@lru_cache(maxsize=1024)
def compile_pattern(source: str, flags: str) -> Pattern:
    """Return a pattern, with the flags i and m.

    Raises:
        ValueError: It is no regular expression, or one that cannot be matched here.
    """
    options = re.IGNORECASE if "i" in flags else 0
    try:
        pattern = _Translation(units(source), "m" in flags).text()
        return Pattern(source, re.compile(pattern, options), may_be_slow(pattern))
    except re.error as error:
        raise ValueError(f"/{source}/: {error}") from error


class _Translation:
    def __init__(self, source: str, multiline: bool) -> None:
        self.source = source
        self.multiline = multiline
        self.index = 0

    def text(self) -> str:
        """Return the pattern in Python's words."""
        parts: list[str] = []
        while self.index < len(self.source):
            parts.append(self._piece())
        return "".join(parts)

    def _piece(self) -> str:
        letter = self.source[self.index]
        if letter == "\\":
            return self._escape()
        if letter == "[":
            return self._class()
        if self.source.startswith("(?", self.index):
            return self._group()
        if letter in "*+?{":
            return self._quantifier()
        self.index += 1
        if letter == ".":
            return f"[^{_ENDS}]"
        if letter == "$":
            return f"(?=[{_ENDS}]|\\Z)" if self.multiline else r"\Z"
        if letter == "^" and self.multiline:
            return f"(?:(?<=[{_ENDS}])|\\A)"
        return r"\}" if letter == "}" else letter

    def _group(self) -> str:
        found = _GROUP.match(self.source, self.index)
        if found is None:
            raise ValueError(f"/{self.source}/: invalid group")
        self.index = found.end()
        return f"(?P<{found[1]}>" if found[1] else found[0]

    def _quantifier(self) -> str:
        """How often; `a++`, possessive in Python, is an error in JavaScript, `{` without a number stands for itself."""
        found = _OFTEN.match(self.source, self.index)
        if found is None:
            self.index += 1
            return r"\{"
        self.index = found.end()
        if self.source.startswith("+", self.index):
            raise ValueError(f"/{self.source}/: nothing to repeat")
        return found[0]

    def _escape(self) -> str:
        self.index += 1
        rest = self.source[self.index : self.index + 1]
        if not rest:
            raise ValueError(f"/{self.source}/: \\ at the end of the pattern")
        if found := _CODE.match(self.source, self.index):
            self.index = found.end()
            return _code(found)
        if (found := _BACK.match(self.source, self.index)) and int(found[0]) <= self._groups():
            self.index = found.end()
            return f"(?:\\{found[0]})"
        if found := _OCTAL.match(self.source, self.index):
            self.index = found.end()
            return _character(int(found[0], 8))
        if (
            rest == "k"
            and self._has_names()
            and (named := re.compile(r"k<([A-Za-z_$][\w$]*)>").match(self.source, self.index))
        ):
            self.index = named.end()
            return f"(?P={named[1]})"
        self.index += 1
        if rest in _OUTSIDE:
            return _OUTSIDE[rest]
        return "\\" + rest if rest in "fnrt" else re.escape(rest)

    def _groups(self) -> int:
        return len(re.findall(r"\((?!\?)|\(\?<(?![=!])", self._bare()))

    def _has_names(self) -> bool:
        """Whether a group has a name; without one `\\k` is a k."""
        return re.search(r"\(\?<(?![=!])", self._bare()) is not None

    def _bare(self) -> str:
        return re.sub(r"\\.|\[(?:\\.|[^\]])*\]", "", self.source)

    def _class(self) -> str:
        """A class in brackets: `[]` matches nothing, `[^]` everything; brackets and `&&` in it stand for themselves."""
        self.index += 1
        negated = self.source.startswith("^", self.index)
        self.index += negated
        parts: list[str] = []
        excluded: list[str] = []
        while not self.source.startswith("]", self.index):
            if self.index >= len(self.source):
                raise ValueError(f"/{self.source}/: missing ] at the end of the class")
            letter = self.source[self.index]
            self.index += 1
            if letter != "\\":
                parts.append(letter if letter == "-" else re.escape(letter))
                continue
            rest = self.source[self.index : self.index + 1]
            if rest in _NEGATED:
                excluded.append(f"[^{_NEGATED[rest]}]")
                self.index += 1
            else:
                parts.append(self._in_class(rest))
        self.index += 1
        return _joined_class("".join(parts), excluded, negated)

    def _in_class(self, rest: str) -> str:
        if found := _CODE.match(self.source, self.index):
            self.index = found.end()
            return _code(found)
        if found := _OCTAL.match(self.source, self.index):
            self.index = found.end()
            return _character(int(found[0], 8))
        self.index += 1
        if rest in _INSIDE:
            return _INSIDE[rest]
        return "\\" + rest if rest in "fnrt" and rest else re.escape(rest)


def _code(found: re.Match[str]) -> str:
    if found[3]:
        return f"\\x{ord(found[3]) % 32:02x}"
    return _character(int(found[1] or found[2], 16))


def _character(code: int) -> str:
    return re.escape(chr(code))


def _joined_class(inside: str, excluded: list[str], negated: bool) -> str:
    if not inside and not excluded:
        return r"[\s\S]" if negated else r"(?!)"
    options = ([f"[{inside}]"] if inside else []) + excluded
    if not excluded:
        return f"[^{inside}]" if negated else options[0]
    either = "|".join(options)
    return f"(?:(?!{either})[\\s\\S])" if negated else f"(?:{either})"
