"""YAML definitions and templates, CloudFormation's short tags included (`!Sub` becomes `Fn::Sub`)."""

from pathlib import Path
from typing import Any

import yaml

from pipeproof.errors import Location
from pipeproof.stepfunctions.errors import DefinitionError
from pipeproof.stepfunctions.source import Duplicate, Position

_PLAIN_TAGS = {"Ref", "Condition"}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that knows CloudFormation's tags and leaves dates as they are written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def _construct_tag(loader: Any, suffix: str, node: yaml.Node) -> Any:
    name = suffix if suffix in _PLAIN_TAGS else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _construct_tag)


def parse_yaml(text: str, file: Path | None) -> tuple[Any, list[Duplicate]]:
    """Parses one YAML document; keys that are no strings become strings.

    Raises:
        DefinitionError: It is no YAML.
    """
    try:
        value = _plain(yaml.load(text, Loader=_Loader))  # noqa: S506 - a subclass of the safe loader
        return value, []
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        location = Location(file, mark.line + 1, mark.column + 1) if file and mark else None
        raise DefinitionError(f"not valid YAML: {error.problem or error}", location=location) from error
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        raise DefinitionError(f"not valid YAML: {error}", location=Location(file, 1) if file else None) from error


def _plain(value: Any) -> Any:
    """JSON's kinds of values only: other keys become strings."""
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return key if isinstance(key, str) else str(key)


def find_marks(text: str) -> dict[Position, tuple[int, int]]:
    """Line and column (from 0) of each key and each item."""
    marks: dict[Position, tuple[int, int]] = {}

    def walk(node: yaml.Node, position: Position) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                place = (*position, str(key.value))
                marks[place] = (key.start_mark.line, key.start_mark.column)
                walk(value, place)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                place = (*position, index)
                marks[place] = (item.start_mark.line, item.start_mark.column)
                walk(item, place)
        if node.tag.startswith("!") and not node.tag.startswith("!!"):
            suffix = node.tag[1:]
            tagged = (*position, suffix if suffix in _PLAIN_TAGS else f"Fn::{suffix}")
            marks.setdefault(tagged, (node.start_mark.line, node.start_mark.column))

    root = yaml.compose(text, Loader=_Loader)
    if root is not None:
        marks[()] = (root.start_mark.line, root.start_mark.column)
        walk(root, ())
    return marks


def block_start(text: str, position: Position) -> tuple[int, int] | None:
    """Where the content of a block scalar (`|`) starts, for definitions that stand in a template as text."""
    node = yaml.compose(text, Loader=_Loader)
    for part in position:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if str(key.value) == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        elif isinstance(node, yaml.ScalarNode) and isinstance(part, str):
            continue  # a short tag's value stands on the tagged node itself
    if not isinstance(node, yaml.ScalarNode) or node.style != "|":
        return None
    line = node.start_mark.line + 1
    lines = text.split("\n")
    while line < len(lines) and not lines[line].strip():
        line += 1
    indent = len(lines[line]) - len(lines[line].lstrip()) if line < len(lines) else 0
    return line, indent
