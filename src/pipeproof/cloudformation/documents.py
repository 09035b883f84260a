"""JSON and YAML documents that know where each of their keys and items stands.

The values are plain: a [LocatedDict][] equals the `dict` of the same items and a [LocatedList][] the `list`, so whoever
does not care for lines need not know of them. CloudFormation's short forms are read as the long ones: `!Sub x` is
`{"Fn::Sub": x}`, `!Ref x` is `{"Ref": x}`, `!GetAtt a.b` is `{"Fn::GetAtt": ["a", "b"]}`.

A timestamp stays text (`Version: 2012-10-17` is a string for AWS). A key that stands twice is an error; of a template,
where CloudFormation and SAM let the last one count, the caller gets to know of it (`twice`).
"""

import bisect
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipeproof.errors import Location, PipeproofError

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


class DocumentError(PipeproofError):
    """A file is neither JSON nor YAML, or says the same key twice."""


class LocatedDict(dict[str, Any]):
    """A mapping that knows its own place and that of each of its keys."""

    __slots__ = ("key_locations", "location")

    def __init__(self, location: Location | None = None) -> None:
        super().__init__()
        self.location = location
        self.key_locations: dict[str, Location] = {}


class LocatedList(list[Any]):
    """A list that knows its own place and that of each of its items."""

    __slots__ = ("item_locations", "location")

    def __init__(self, location: Location | None = None) -> None:
        super().__init__()
        self.location = location
        self.item_locations: list[Location | None] = []


def locate(node: Any, key: str | int | None = None) -> Location | None:
    """The place of `node`, its key or its item: the node's own where the key's is unknown, `None` for a plain value."""
    if isinstance(node, LocatedDict):
        return node.key_locations.get(str(key), node.location) if key is not None else node.location
    if isinstance(node, LocatedList):
        if isinstance(key, int) and key < len(node.item_locations):
            return node.item_locations[key] or node.location
        return node.location
    return None


def load_document(path: str | Path, *, twice: list[DocumentError] | None = None) -> Any:
    """Read a JSON or YAML file; raises [DocumentError][] with its line where it is broken.

    Args:
        path: The file.
        twice: Where it is given, the last of equal keys counts, and what would have been raised is put in here.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"{file} cannot be read: {error}", location=Location(file, 1)) from error
    return parse_document(text, file, twice=twice)


def parse_document(text: str, file: str | Path = "<text>", *, twice: list[DocumentError] | None = None) -> Any:
    """Read JSON or YAML from `text`; `file` is what the locations name, `twice` as in [load_document][]."""
    place = Path(file)
    if place.suffix.lower() == ".json" or text.lstrip()[:1] in ("{", "["):
        try:
            return _read_json(text, place, twice)
        except json.JSONDecodeError as error:
            if place.suffix.lower() == ".json":
                where = Location(place, error.lineno, error.colno)
                raise DocumentError(f"not valid JSON: {error.msg}", location=where) from error
    return _read_yaml(text, place, twice)


_Twice = list[DocumentError] | None


def _read_json(text: str, file: Path, twice: _Twice) -> Any:
    value = json.loads(text, object_pairs_hook=_Pairs)
    return _JsonPlaces(text, file, twice).build(value)


def _read_yaml(text: str, file: Path, twice: _Twice) -> Any:
    try:
        loader = _loader()(text)
        try:
            node = loader.get_single_node()
            return _YamlBuilder(file, node, loader, twice).build() if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _broken(error, file) from error
    except yaml.YAMLError as error:
        raise DocumentError(f"not valid YAML: {error}", location=Location(file, 1)) from error


def _broken(error: yaml.MarkedYAMLError, file: Path) -> DocumentError:
    mark = error.problem_mark or error.context_mark
    where = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file, 1)
    return DocumentError(f"not valid YAML: {error.problem or error.context}", location=where)


_NOT_IMPLIED = frozenset({"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"})
"""What YAML 1.1 reads a plain text as and AWS does not: dates, and the lone `=` that PyYAML has no value for."""


@cache
def _loader() -> Any:
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class TemplateLoader(base):  # type: ignore[misc]
        yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way of saying it
            first: [(tag, expression) for tag, expression in resolvers if tag not in _NOT_IMPLIED]
            for first, resolvers in base.yaml_implicit_resolvers.items()
        }

    return TemplateLoader


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it is written, with keys that stand twice."""


class _JsonPlaces:
    """Goes through the tokens of valid JSON beside the values that they made, and notes where they stand."""

    def __init__(self, text: str, file: Path, twice: _Twice) -> None:
        self._file = file
        self._twice = twice
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._tokens = _JSON_TOKEN.finditer(text)
        self._token = next(self._tokens, None)

    def build(self, value: Any) -> Any:
        at = self._take()  # a scalar, or the opening bracket
        if isinstance(value, _Pairs):
            mapping = LocatedDict(at)
            for key, item in value:
                key_at = self._take()
                self._take()  # the colon
                _put(mapping, key, key_at, self.build(item), self._twice)
                self._take()  # a comma, or the closing bracket
            if not value:
                self._take()
            return mapping
        if isinstance(value, list):
            items = LocatedList(at)
            for item in value:
                items.item_locations.append(self._place())
                items.append(self.build(item))
                self._take()
            if not value:
                self._take()
            return items
        return value

    def _place(self) -> Location:
        offset = self._token.start() if self._token else 0
        line = bisect.bisect_right(self._starts, offset)
        return Location(self._file, line, offset - self._starts[line - 1] + 1)

    def _take(self) -> Location:
        place = self._place()
        self._token = next(self._tokens, None)
        return place


def _put(mapping: LocatedDict, key: str, at: Location, value: Any, twice: _Twice = None) -> None:
    if key in mapping:
        problem = DocumentError(f"the key {key!r} stands here a second time", location=at)
        if twice is None:
            raise problem
        twice.append(problem)
        del mapping[key]
    mapping[key] = value
    mapping.key_locations[key] = at


class _YamlBuilder:
    """Makes located values from YAML's nodes."""

    def __init__(self, file: Path, root: Any, loader: Any, twice: _Twice) -> None:
        self._file = file
        self._twice = twice
        self._root = root
        self._loader = loader
        self._active: set[int] = set()
        self._built: dict[int, Any] = {}

    def build(self) -> Any:
        return self._value(self._root)

    def _at(self, node: Any) -> Location:
        return Location(self._file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _value(self, node: Any) -> Any:
        if id(node) in self._built:
            return self._built[id(node)]
        if id(node) in self._active:
            raise DocumentError("an anchor holds itself", location=self._at(node))
        self._active.add(id(node))
        value = self._tagged(node) if node.tag.startswith("!") and len(node.tag) > 1 else self._plain(node)
        self._active.discard(id(node))
        self._built[id(node)] = value
        return value

    def _plain(self, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            items = LocatedList(self._at(node))
            for item_node in node.value:
                items.append(self._value(item_node))
                items.item_locations.append(self._at(item_node))
            return items
        return self._loader.construct_object(node)

    def _mapping(self, node: Any) -> LocatedDict:
        own = {id(key_node) for key_node, _ in node.value}
        self._loader.flatten_mapping(node)  # puts what `<<` merges before the mapping's own keys
        mapping = LocatedDict(self._at(node))
        merged: set[str] = set()
        for key_node, value_node in node.value:
            key = str(self._loader.construct_object(key_node, deep=True))
            if key in merged:
                del mapping[key]
            _put(mapping, key, self._at(key_node), self._value(value_node), self._twice)
            (merged.discard if id(key_node) in own else merged.add)(key)
        return mapping

    def _tagged(self, node: Any) -> LocatedDict:
        name = node.tag[1:]
        key = name if name in ("Ref", "Condition") else f"Fn::{name}"
        argument: Any
        if isinstance(node, yaml.ScalarNode):
            argument = node.value.split(".", 1) if key == "Fn::GetAtt" else node.value
        else:
            argument = self._plain(node)
        mapping = LocatedDict(self._at(node))
        _put(mapping, key, self._at(node), argument)
        return mapping
