"""Where a project's YAML files declare something: a test, a column, a contract."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

_SECTIONS = ("models", "seeds", "snapshots", "sources", "analyses", "exposures", "macros")
_NAMING = {"name", "test_name", "config", "arguments", "description"}
"""What an entry of a test may have beside its arguments."""


def locate_test(test: Any, file: Path, manifest: Any = None) -> int:
    """Return the line of a data test or unit test in the YAML file that declares it."""
    root = _compose(file)
    if root is None:
        return 1
    if str(test.resource_type) == "unit_test":
        return _line(_find_unit_test(root, test)) or 1
    owner = _owner(test, root, manifest)
    places = list(_places(owner, test, manifest))
    return _line(_find_data_test(places, test)) or next(map(_line, places), None) or 1


def find_entry(file: Path, node: Any) -> int | None:
    """Return the line of a node's contract, else of its entry."""
    entry = _named(_get(_compose(file), f"{node.resource_type}s"), node.name)
    return _line(_get(_get(entry, "config"), "contract")) or _line(entry)


def find_text(file: Path, text: str) -> int | None:
    """Return the line of a value that is this text: a hook's, for one."""
    root = _compose(file)
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, yaml.ScalarNode) and str(node.value).strip() == text.strip():
            return _line(node)
        waiting += _items(node) + ([value for _, value in node.value] if isinstance(node, yaml.MappingNode) else [])
    return None


def find_column(file: Path, node: Any, column: str) -> int | None:
    """Return the line on which a node's or source's entry says the type of a column, else names the column."""
    root = _compose(file)
    if str(node.resource_type) == "source":
        entry = _named(_get(_named(_get(root, "sources"), node.source_name), "tables"), node.name)
    else:
        entry = _named(_get(root, f"{node.resource_type}s"), node.name)
    found = _column(entry, column) or _column(_version(entry, getattr(node, "version", None)), column)
    kind = _key_of(found, "data_type")
    return _line(kind) or _line(found) or _line(entry)


def _find_unit_test(root: yaml.Node, test: Any) -> yaml.Node | None:
    """Return the unit test's entry: tests of several models may have one name."""
    fitting = [entry for entry in _items(_get(root, "unit_tests")) if _scalar(_get(entry, "name")) == test.name]
    of_model = [entry for entry in fitting if _scalar(_get(entry, "model")) == getattr(test, "model", None)]
    return next(iter(of_model or fitting), None)


def _owner(test: Any, root: yaml.Node, manifest: Any) -> yaml.Node | None:
    """Return the entry of the model, seed, snapshot or source that a data test belongs to."""
    attached = getattr(test, "attached_node", None)
    nodes = manifest.nodes if manifest is not None else {}
    if attached and attached in nodes:
        name = nodes[attached].name
        entries = (_named(_get(root, section), name) for section in _SECTIONS)
        return next((entry for entry in entries if entry is not None), None)
    for source_name, table in getattr(test, "sources", None) or ():
        entry = _named(_get(_named(_get(root, "sources"), source_name), "tables"), table)
        if entry is not None:
            return entry
    return None


def _places(owner: yaml.Node | None, test: Any, manifest: Any) -> Iterator[yaml.Node]:
    """Yield what may declare a test, likeliest first: a column of a version, a column, the version, the whole entry."""
    attached = manifest.nodes.get(getattr(test, "attached_node", None)) if manifest is not None else None
    version = _version(owner, getattr(attached, "version", None))
    column = getattr(test, "column_name", None)
    found = [_column(version, column), _column(owner, column)] if column else []
    yield from (place for place in (*found, version, owner) if place is not None)


def _find_data_test(places: list[yaml.Node], test: Any) -> yaml.Node | None:
    """The item that declares a test: by its name, else the one of its kind whose arguments are the most alike."""
    metadata = getattr(test, "test_metadata", None)
    kind = ".".join(part for part in (metadata.namespace, metadata.name) if part) if metadata else test.name
    best: tuple[int, yaml.Node | None] = (-1, None)
    for item in (item for place in places for key in ("data_tests", "tests") for item in _items(_get(place, key))):
        inner = _get(item, kind)
        if inner is None and kind not in {_scalar(item), _scalar(_get(item, "test_name"))}:
            continue
        if test.name in {_scalar(_get(inner, "name")), _scalar(_get(item, "name"))}:
            return item
        likeness = _likeness(_values(inner if inner is not None else item), test)
        best = (likeness, item) if likeness > best[0] else best
    return best[1]


def _likeness(declared: Any, test: Any) -> int:
    """Return how far what an entry declares is what a test has; 0 where it declares nothing."""
    if not isinstance(declared, Mapping):
        return 0
    given = {**declared, **(declared.get("arguments") or {})}
    has = getattr(test.test_metadata, "kwargs", None) or {}
    asked = {name: value for name, value in given.items() if name not in _NAMING}
    config = {name: value for name, value in asked.items() if name not in has} | (declared.get("config") or {})
    held = getattr(test, "config", None) or {}
    same = sum(1 for name, value in asked.items() if name in has and str(has[name]) == str(value))
    return 1 + 2 * same + sum(1 for name, value in config.items() if str(held.get(name)) == str(value))


def _values(node: yaml.Node | None) -> Any:
    """Return a node's content, as far as it is of plain values."""
    try:
        return yaml.SafeLoader("").construct_document(node) if node is not None else None
    except yaml.YAMLError:
        return None


def _version(entry: yaml.Node | None, version: Any) -> yaml.Node | None:
    """Return the part of a model's entry that is about one version."""
    if version is None:
        return None
    return next((item for item in _items(_get(entry, "versions")) if _scalar(_get(item, "v")) == str(version)), None)


def _column(entry: yaml.Node | None, name: str | None) -> yaml.Node | None:
    """Return a column of an entry; dbt gives the name of a quoted one with its quotes."""
    plain = str(name).strip('"`[]').lower()
    named = [item for item in _items(_get(entry, "columns")) if (_scalar(_get(item, "name")) or "").lower() == plain]
    exact = [item for item in named if _scalar(_get(item, "name")) == str(name).strip('"`[]')]
    return next(iter(exact or named), None)


def _compose(file: Path) -> yaml.Node | None:
    try:
        return yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, yaml.YAMLError):
        return None


def _get(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Return the value of a key, merged ones (`<<: *other`) included."""
    if not isinstance(node, yaml.MappingNode):
        return None
    own = next((value for name, value in node.value if name.value == key), None)
    if own is not None or key == "<<":
        return own
    merged = _get(node, "<<")
    sources = merged.value if isinstance(merged, yaml.SequenceNode) else [merged]
    return next((found for source in sources if (found := _get(source, key)) is not None), None)


def _key_of(node: yaml.Node | None, key: str) -> yaml.Node | None:
    """Return the key itself."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((name for name, _ in pairs if name.value == key), None)


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _named(node: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((entry for entry in _items(node) if _scalar(_get(entry, "name")) == name), None)


def _scalar(node: yaml.Node | None) -> str | None:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else None


def _line(node: yaml.Node | None) -> int | None:
    return node.start_mark.line + 1 if node is not None else None
