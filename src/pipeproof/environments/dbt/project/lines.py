"""Where in the project's files something is: dbt names a file, the line has to be looked up.

A failing model's line is the raw file's: the database quotes the line of the SQL that was sent, which is looked for in
the file as it was written. Where Jinja has made the line, no line of the file can be named, and only the compiled
one is known.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pipeproof.environments.dbt.project.declarations import find_entry, find_text, locate_test
from pipeproof.environments.dbt.result import DbtNode
from pipeproof.errors import Location
from pipeproof.text import closest

_QUOTED_LINE = re.compile(r"^\s*LINE (?P<line>\d+): (?P<text>.*)$", re.MULTILINE)
_CARET = re.compile(r"^(?P<before>\s*)\^+\s*$", re.MULTILINE)
_NAMED = re.compile(r"\"([^\"\n]+)\"")
_PROJECT_FILE = re.compile(r"[\w./-]+\.(?:sql|ya?ml|py|csv|md)\b")
_LINE_NUMBER = re.compile(r"\bline (\d+)")
_MISSING_TABLE = re.compile(r"(?:Table with name|relation) (?P<name>\"[^\n]+?\"|\S+) does not exist", re.IGNORECASE)
_PLACE = re.compile(r"([\w./-]+\.(?:sql|ya?ml|py|csv|md)):(\d+):\d+")
_UNKNOWN = re.compile(
    r"depends on a (?P<kind>node|source) named '(?P<name>[\w.]+)'"
    r"|(?P<kind2>Ref|Source) '(?P<name2>[\w.]+)' not found in project"
)
"""A reference to nothing, in the words of version 1 and of version 2."""
_OTHER_FOLDERS = {"macros", "tests", "analyses", "target", "dbt_packages", ".venv", "venv"}


def locate_parse_error(text: str, project_dir: Path) -> Location | None:
    """Return the file and line that dbt names when it cannot read the project."""
    for name, line in _PLACE.findall(text):  # as version 2 writes it
        if (project_dir / name).is_file():
            return Location(project_dir / name, _line_of_reference(text, project_dir / name) or int(line))
    file = _first_file(text, project_dir)
    if file is None:
        return None
    number = _LINE_NUMBER.search(text)
    return Location(file, int(number[1]) if number else _line_of_reference(text, file) or 1)


def meant_reference(text: str, project_dir: Path) -> str | None:
    """Return what a reference to something that is not there may have meant, by the names of the project's files."""
    kind, name = _unknown(text)
    if kind != "node":
        return None
    files = (file for suffix in ("sql", "csv", "py") for file in project_dir.rglob(f"*.{suffix}"))
    names = {file.stem for file in files if not _OTHER_FOLDERS & {*file.relative_to(project_dir).parts}}
    name = name.rsplit(".", 1)[-1]
    close = closest(name, names)
    return f"did you mean {close}?" if close and name not in names else None


def locate_node(node: DbtNode, manifest: Any, project_dir: Path) -> tuple[Location | None, str | None]:
    """Return the line of a node that failed, and a remark where only the compiled line is known."""
    places = (manifest.nodes, manifest.unit_tests, getattr(manifest, "functions", {}))
    found = next((place[node.unique_id] for place in places if node.unique_id in place), None)
    if found is None or node.file is None or not node.file.is_file():
        return None, None
    if node.resource_type in {"test", "unit_test"} and node.file.suffix in {".yml", ".yaml"}:
        return Location(node.file, locate_test(found, node.file, manifest)), None
    if "contract" in node.message and (patched := _patch_file(found, project_dir)) is not None:
        return Location(patched, find_entry(patched, found) or 1), None
    if node.resource_type == "operation":
        return Location(node.file, find_text(node.file, found.raw_code) or 1), None
    if node.file.suffix != ".sql":
        return Location(node.file, 1), None
    hook = _locate_hook(node, found, project_dir)
    return (hook, None) if hook is not None else _locate_in_sql(node, found, manifest)


def _locate_hook(node: DbtNode, found: Any, project_dir: Path) -> Location | None:
    """The line of the YAML that declares a hook, where the words that the database points at are in that hook alone."""
    table = _MISSING_TABLE.search(node.message)
    words = [table["name"].rsplit(".", 1)[-1].strip('"!')] if table else list(_suspects(node.message, None))
    config = getattr(found, "config", None)
    hooks = [hook.sql for kind in ("pre_hook", "post_hook") for hook in getattr(config, kind, None) or ()]
    raw = getattr(found, "raw_code", "")
    failing = [hook for hook in hooks if any(word in hook and word not in raw for word in words)]
    files = [file for file in (_patch_file(found, project_dir), project_dir / "dbt_project.yml") if file is not None]
    places = ((file, find_text(file, hook)) for hook in failing for file in files if file.is_file())
    return next((Location(file, line) for file, line in places if line), None)


def _locate_in_sql(node: DbtNode, found: Any, manifest: Any) -> tuple[Location | None, str | None]:
    """Return the line of the raw file where it is sure, else the first one with a remark.

    What the database points at is looked for first: the line that it quotes is the compiled one, and DuckDB counts
    it wrongly in what dbt wraps.
    """
    file, message = cast("Path", node.file), node.message
    raw = file.read_text(encoding="utf-8").splitlines()
    number = _LINE_NUMBER.search(message)
    if file.name in message and number:  # Jinja's own error: its line is the file's
        return Location(file, min(int(number[1]), len(raw) or 1)), None
    for name, line in _PLACE.findall(message):  # the same of version 2
        if name == found.original_file_path:
            return Location(file, min(int(line), len(raw) or 1)), None
    table = _MISSING_TABLE.search(message)
    if table is not None and (line := _line_of_table(table["name"], raw, found, manifest)):
        return Location(file, line), None
    quoted = _QUOTED_LINE.search(message)
    words = [table["name"].rsplit(".", 1)[-1].strip('"')] if table else list(_suspects(message, quoted))
    text = quoted["text"].strip().removeprefix("...").removesuffix("...").strip() if quoted is not None else ""
    if text and (not words or any(word in text for word in words)):
        lines = [at for at, line in enumerate(raw, 1) if text in line]
        if len(lines) == 1:
            return Location(file, lines[0]), None
    for word in words:
        if line := _only_line(rf"(?<!\w){re.escape(word)}(?!\w)", raw):
            return Location(file, line), None
    if quoted is None and not words:
        return Location(file, 1), None
    compiled = (node.compiled or "").splitlines()
    lines = [at for at, line in enumerate(compiled, 1) if text and text in line]
    sent = f": line {quoted['line']} of what was sent" if quoted is not None else ""
    where = f": line {lines[0]} of its file" if len(lines) == 1 else sent
    return Location(file, 1), f"the line is known in the compiled SQL alone{where}"


def _line_of_table(table: str, raw: list[str], found: Any, manifest: Any) -> int | None:
    """Return the line that refers to a node or source whose table is not there."""
    name = table.rsplit(".", 1)[-1].strip('"').lower()
    for parent in getattr(found, "depends_on_nodes", ()):
        source, node = manifest.sources.get(parent), manifest.nodes.get(parent)
        if source is not None and source.identifier.lower() == name:
            return _only_line(_call("source", source.source_name, source.name), raw)
        if node is not None and str(node.alias).lower() == name:
            return _only_line(_call("ref", node.name), raw)
    return None


def _line_of_reference(text: str, file: Path) -> int | None:
    """Return the line of a reference to something that, as dbt says, is not there."""
    _, name = _unknown(text)
    if not name or not file.is_file():
        return None
    raw = file.read_text(encoding="utf-8").splitlines()
    parts = name.split(".")
    return _only_line(_call("ref|source", *parts), raw) or _only_line(_call("ref|source", parts[-1]), raw)


def _unknown(text: str) -> tuple[str, str]:
    """What is referred to and is not there: `node` or `source`, and its name; empty where dbt says no such thing."""
    found = _UNKNOWN.search(text)
    if found is None:
        return "", ""
    kind = found["kind"] or found["kind2"].lower().replace("ref", "node")
    return kind, found["name"] or found["name2"]


def _call(function: str, *names: str) -> str:
    """Return a pattern of a reference by those names, with a package's name before them or not."""
    written = r"\s*,\s*".join(rf"['\"]{re.escape(name)}['\"]" for name in names)
    return rf"\b(?:{function})\(\s*(?:['\"]\w+['\"]\s*,\s*)?{written}"


def _only_line(pattern: str, raw: list[str]) -> int | None:
    """Return the only line that a pattern is on, comments left out."""
    lines = [at for at, line in enumerate(raw, 1) if re.search(pattern, re.sub(r"--.*|\{#.*?#\}", "", line))]
    return lines[0] if len(lines) == 1 else None


def _suspects(message: str, quoted: "re.Match[str] | None") -> Iterator[str]:
    """Yield the words that the database points at: under its caret, or named first in its sentence."""
    if quoted is not None and (caret := _CARET.search(message, quoted.end())):
        line = message[quoted.start() : quoted.end()].lstrip("\n")
        at = len(caret["before"].lstrip("\n"))
        word = re.match(r"\w+", line[at:]) if at < len(line) else None
        if word and len(word[0]) > 2:
            yield word[0]
    yield from _NAMED.findall(message[: quoted.start()] if quoted is not None else message)[:1]


def _first_file(text: str, project_dir: Path) -> Path | None:
    name: str
    for name in _PROJECT_FILE.findall(text):
        if (project_dir / name).is_file():
            return project_dir / name
        if found := next(project_dir.glob(f"*/**/{name}"), None):
            return found
    return None


def _patch_file(node: Any, project_dir: Path) -> Path | None:
    patch = str(getattr(node, "patch_path", None) or "").partition("://")[2]
    return project_dir / patch if patch and (project_dir / patch).is_file() else None
