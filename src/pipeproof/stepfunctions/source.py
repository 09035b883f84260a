"""A definition's text and where its parts stand: JSON and YAML, with lines and columns found when they are asked for."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeproof.errors import Location
from pipeproof.stepfunctions.errors import DefinitionError

Position = tuple[str | int, ...]
"""A place in a document: keys and indices from its root."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that an object has twice."""

    key: str


@dataclass(slots=True)
class Document:
    """A value and the text that it was read from.

    Attributes:
        value: The JSON value.
        file: Where it was read, if from a file.
        text: The text, if it was read from one.
        prefix: Where in the text's document the value stands.
        origin: Line and column at which the text starts in the file (for a text inside of another).
        duplicates: Keys that were given twice.
    """

    value: Any
    file: Path | None = None
    text: str | None = None
    is_yaml: bool = False
    prefix: Position = ()
    origin: tuple[int, int] = (0, 0)
    fixed: Location | None = None
    duplicates: list[Duplicate] = field(default_factory=list)
    _marks: dict[Position, tuple[int, int]] | None = None

    def locate(self, position: Position = ()) -> Location | None:
        """Where a part of the value stands: its key, or the nearest thing around it that is known."""
        if self.file is None:
            return None
        if self.text is None or self.fixed:
            return self.fixed
        if self._marks is None:
            self._marks = _find_marks(self.text, self.is_yaml)
        place = self.prefix + position
        while place and place not in self._marks:
            place = place[:-1]
        line, column = self._marks.get(place, (0, 0))
        offset = self.origin[1] if line == 0 or self.origin[0] else 0
        return Location(self.file, self.origin[0] + line + 1, offset + column + 1)


def _find_marks(text: str, is_yaml: bool) -> dict[Position, tuple[int, int]]:
    if is_yaml:
        from pipeproof.stepfunctions.yaml_documents import find_marks

        return find_marks(text)
    return _json_marks(text)


def parse_json(text: str, file: Path | None) -> tuple[Any, list[Duplicate]]:
    """Parses JSON; keys given twice are reported, the last one wins.

    Raises:
        DefinitionError: It is no JSON; the location says where it stops being one.
    """
    duplicates: list[Duplicate] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            duplicates.extend(Duplicate(key) for key in found if keys.count(key) > 1)
        return found

    try:
        return json.loads(text, object_pairs_hook=collect), duplicates
    except json.JSONDecodeError as error:
        location = Location(file, error.lineno, error.colno) if file else None
        raise DefinitionError(f"not valid JSON: {error.msg}", location=location) from error
    except RecursionError as error:
        raise DefinitionError("nested too deeply", location=Location(file, 1) if file else None) from error


def read_document(file: Path, substitutions: Mapping[str, Any] | None = None) -> Document:
    """Reads a definition's or a template's file, JSON or YAML, with `${Name}` replaced where a substitution is given.

    Raises:
        DefinitionError: It cannot be read or parsed.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot read the definition: {error}", location=Location(file, 1)) from error
    return parse_text(substitute(text, substitutions), file)


def parse_text(text: str, file: Path | None = None) -> Document:
    """Parses a text that is JSON or YAML.

    Raises:
        DefinitionError: It is neither.
    """
    looks_like_json = text.lstrip()[:1] in ("{", "[", '"', "") or (file is not None and file.suffix == ".json")
    if looks_like_json:
        try:
            value, duplicates = parse_json(text, file)
            return Document(value, file, text, duplicates=duplicates)
        except DefinitionError:
            repaired = _quote_bare_substitutions(text)
            if repaired != text:
                value, duplicates = parse_json(repaired, file)
                return Document(value, file, repaired, duplicates=duplicates)
            if file is None or file.suffix == ".json":
                raise
    from pipeproof.stepfunctions.yaml_documents import parse_yaml

    value, duplicates = parse_yaml(text, file)
    return Document(value, file, text, is_yaml=True, duplicates=duplicates)


def substitute(text: str, substitutions: Mapping[str, Any] | None) -> str:
    """Puts values in the place of `${Name}`, as a template's DefinitionSubstitutions do."""
    for name, value in (substitutions or {}).items():
        written = value if isinstance(value, str) else json.dumps(value)
        text = text.replace("${" + name + "}", written)
    return text


def _quote_bare_substitutions(text: str) -> str:
    """Makes `"MaxConcurrency": ${Limit}` readable where no value for it was given: the name becomes a string."""
    import re

    return re.sub(r"(?<=[:\[,])(\s*)(\$\{[^}\"\n]+\})(?=\s*[,}\]\n])", r'\1"\2"', text)


_BLANKS = " \t\r\n"


def _json_marks(text: str) -> dict[Position, tuple[int, int]]:
    """Line and column (from 0) of each key and each item of a JSON text that is known to parse."""
    marker = _JsonMarker(text)
    marker.value((), marker.skip(0))
    return marker.marks


class _JsonMarker:
    """Walks a JSON text, noting where keys and items start."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.marks: dict[Position, tuple[int, int]] = {}
        self._line = 0
        self._line_start = 0
        self._seen = 0

    def note(self, position: Position, offset: int) -> None:
        """Notes a place; offsets only grow."""
        newlines = self.text.count("\n", self._seen, offset)
        if newlines:
            self._line += newlines
            self._line_start = self.text.rfind("\n", 0, offset) + 1
        self._seen = offset
        self.marks.setdefault(position, (self._line, offset - self._line_start))

    def skip(self, offset: int) -> int:
        """The next offset that is no blank."""
        while offset < len(self.text) and self.text[offset] in _BLANKS:
            offset += 1
        return offset

    def value(self, position: Position, offset: int) -> int:
        """Walks one value; gives where it ends."""
        if not position:
            self.note(position, offset)
        first = self.text[offset]
        if first == "{":
            return self._object(position, offset + 1)
        if first == "[":
            return self._array(position, offset + 1)
        if first == '"':
            return json.decoder.scanstring(self.text, offset + 1, False)[1]  # type: ignore[attr-defined,no-any-return]
        while offset < len(self.text) and self.text[offset] not in ",]}" + _BLANKS:
            offset += 1
        return offset

    def _object(self, position: Position, offset: int) -> int:
        offset = self.skip(offset)
        while self.text[offset] != "}":
            if self.text[offset] == ",":
                offset = self.skip(offset + 1)
            key, end = json.decoder.scanstring(self.text, offset + 1, False)  # type: ignore[attr-defined]
            self.note((*position, key), offset)
            offset = self.skip(end) + 1
            offset = self.skip(self.value((*position, key), self.skip(offset)))
        return offset + 1

    def _array(self, position: Position, offset: int) -> int:
        offset = self.skip(offset)
        index = 0
        while self.text[offset] != "]":
            if self.text[offset] == ",":
                offset = self.skip(offset + 1)
            self.note((*position, index), offset)
            offset = self.skip(self.value((*position, index), offset))
            index += 1
        return offset + 1
