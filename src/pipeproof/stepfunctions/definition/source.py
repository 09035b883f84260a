"""A definition's text, and where its parts stand: lines and columns are looked up when somebody asks for them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeproof.cloudformation import DocumentError, locate, parse_document
from pipeproof.errors import Location
from pipeproof.stepfunctions.definition.substitutions import substitute
from pipeproof.stepfunctions.errors import DefinitionError

Position = tuple[str | int, ...]
"""A place in a definition: keys and indices from its root."""

_BARE_SUBSTITUTION = re.compile(r"(?<=[:\[,])(\s*)(\$\{[^}\"\n]+\})(?=\s*[,}\]\n])")


@dataclass(slots=True)
class Document:
    """A definition and the text that it was read from.

    Attributes:
        value: The JSON value.
        file: Where it was read, if from a file.
        text: The text, if it was read from one.
        line: Lines of the file before the text, for a definition that stands in a template as text.
        origin: Where the definition as a whole stands, in a template.
        bare: The names of `${Name}` that stand in JSON without quotes.
    """

    value: Any
    file: Path | None = None
    text: str | None = None
    line: int = 0
    origin: Location | None = None
    bare: frozenset[str] = frozenset()
    _located: Any = None

    def locate(self, position: Position = ()) -> Location | None:
        """Where a part of the value stands: its key, or the nearest thing around it that is known."""
        if self.file is None:
            return None
        found = self.origin
        node = self._nodes()
        if node is not None:
            found = self._shifted(locate(node)) or found
        for part in position:
            place = self._shifted(locate(node, part))
            found = place or found
            try:
                node = node[part]
            except (KeyError, IndexError, TypeError):
                break
        return found or Location(self.file, 1)

    def _nodes(self) -> Any:
        """Return the value with places; made from the text when it is first asked for."""
        if self._located is None:
            self._located = self.value
            if self.text is not None and self.file is not None:
                try:
                    self._located = parse_document(self.text, self.file)
                except DocumentError:
                    self._located = self.value
        return self._located

    def _shifted(self, place: Location | None) -> Location | None:
        if place is None or not self.line:
            return place
        return Location(place.file, place.line + self.line, place.column)


def read_document(file: Path, substitutions: Mapping[str, Any] | None = None) -> Document:
    """Reads a definition's file, JSON or YAML, with `${Name}` replaced where a substitution is given.

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
        DefinitionError: It is neither, or says the same key twice.
    """
    readable = _BARE_SUBSTITUTION.sub(r'\1"\2"', text)
    try:
        if text.lstrip()[:1] == "{":
            try:
                bare = frozenset(found[2:-1] for _, found in _BARE_SUBSTITUTION.findall(text))
                return Document(json.loads(readable, object_pairs_hook=_unique), file, readable, bare=bare)
            except (json.JSONDecodeError, _TwiceError):
                pass  # read again below, for the line of what is wrong
        value = parse_document(readable, file or Path("definition"))
        return Document(value, file, None, _located=value)
    except DocumentError as error:
        raise DefinitionError(error.message, location=error.location if file else None) from error
    except (RecursionError, ValueError, TypeError) as error:
        raise DefinitionError(f"cannot be parsed: {error}", location=Location(file, 1) if file else None) from error


class _TwiceError(ValueError):
    """An object has a key twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found
