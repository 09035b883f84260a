"""A failed invocation as an error: what failed, with the database's words, on the line of the project's file."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.project.lines import locate_node, locate_parse_error
from pipeproof.environments.dbt.project.manifest import ancestors, declared_types
from pipeproof.environments.dbt.project.names import Names
from pipeproof.environments.dbt.result import UNPROVEN, DbtFailed, DbtNode, DbtResult
from pipeproof.environments.dbt.scenario.ran import Ran
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.errors import Location

_COLUMN = re.compile(r"column .*(?:does not exist|not found)|does not have a column", re.IGNORECASE)
_MISMATCH = re.compile(r"^\s*\|\s*(\S+)\s*\|[^|]*\|[^|]*\|\s*data type mismatch", re.MULTILINE)
_MOST_SAID = 10
_HEADING = re.compile(
    r"^(?:Runtime Error\s+)?(?:Compilation Error in (?:sql_operation inline_query|\w+ pipeproof_text)[^\n]*\n)?\s*"
)
"""What dbt says before its message of text that is in no file of the project."""

_NO_COLUMNS = re.compile(r"not able to get columns for unit test", re.IGNORECASE)
_MISSING = re.compile(r"(?:does not exist|not found|unknown (?:table|relation))", re.IGNORECASE)


def explain_failure(
    project: DbtProject,
    manifest: Any,
    result: DbtResult,
    exception: BaseException | None,
    given: Mapping[str, Mapping[str, str]],
    said: Sequence[str] = (),
    criteria: Sequence[str] = (),
) -> DbtFailed:
    """Return the error for what failed first; the others are named.

    Args:
        project: The project.
        manifest: The project as it was run.
        result: What ran.
        exception: What ended it, where something did.
        given: The columns of what stands in, and their types.
        said: What dbt said in its log alone.
        criteria: What was selected, criterion by criterion.
    """
    broken = [(name, node) for name, node in result.nodes.items() if node.broken]
    broken.sort(key=lambda each: each[1].status == UNPROVEN)  # what failed comes first
    if not broken:
        text = str(exception).strip() or type(exception).__name__
        error = DbtFailed(
            "\n".join((f"dbt {result.command}: {text}", *_tell(said))),
            location=locate_parse_error(text, project.path),
            result=result,
        )
        error.__cause__ = exception
        return error
    name, first = broken[0]
    location, remark = locate_node(first, manifest, project.path)
    lines = [f"{first.resource_type} {name}: {_words(first)}"]
    if first.compiled:
        lines.append(f"compiled SQL: {_write_compiled(project.folder, first)}")
    if remark:
        lines.append(remark)
    if reason := _why_selected(criteria, manifest, first):
        lines.append(reason)
    lines += [f"{node.resource_type} {name} failed too: {_words(node).splitlines()[0]}" for name, node in broken[1:]]
    skipped = [name for name, node in result.nodes.items() if node.status == "skipped"]
    if skipped:
        lines.append(f"not run because of that: {', '.join(skipped)}")
    lines += _tell(said)
    names = project.view().names
    hint = _hint(manifest, names, first, given, project.view().makers)
    return DbtFailed("\n".join(lines), hint=hint, location=location, result=result)


def text_failed(project: DbtProject, what: str, ran: Ran, place: Location | None = None) -> DbtFailed:
    """Return the error for text of a test's that dbt could not render.

    Args:
        project: The project.
        what: What the text was for.
        ran: What dbt made of it.
        place: The line that is at fault, where dbt names none.
    """
    broken = next((node.message for node in ran.nodes.values() if node.broken), "")
    text = _HEADING.sub("", str("\n".join(ran.wrong) or ran.exception or broken or "dbt gives no reason")).strip()
    location = locate_parse_error(text, project.path) or place
    error = DbtFailed("\n".join((f"{what}: {text}", *_tell(ran.said))), location=location)
    error.__cause__ = ran.exception
    return error


def _tell(said: Sequence[str]) -> list[str]:
    """Return what dbt said, as lines of a failure: the last of it, where it is much."""
    left_out = [f"({len(said) - _MOST_SAID} more before it)"] if len(said) > _MOST_SAID else []
    return ["dbt said:", *left_out, *(f"  {text}" for text in said[-_MOST_SAID:])] if said else []


def _words(node: DbtNode) -> str:
    """Return what the database or dbt says, without the lines that we say better."""
    text = re.sub(r"^(?:Database|Runtime|Compilation) Error in .*$", "", node.message, flags=re.MULTILINE)
    text = re.sub(r"^\s*compiled code at .*$", "", text, flags=re.MULTILINE)
    return text.strip() or node.status


def _write_compiled(folder: Path, node: DbtNode) -> Path:
    path = folder / "compiled" / f"{node.unique_id}.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(node.compiled or "", encoding="utf-8")
    return path


def _why_selected(criteria: Sequence[str], manifest: Any, node: DbtNode) -> str | None:
    """Return that a word of the selection is a folder's name too, where that is why a node was run."""
    found = manifest.nodes.get(node.unique_id)
    folders = [] if found is None else found.fqn[1:-1]
    words = [re.sub(r"^(?:@|\d*\+)|\+\d*$", "", part) for part in criteria]
    for word in (word for word in words if word in folders and word != node.name):
        for other in manifest.nodes.values():
            if other.name == word and other.unique_id != node.unique_id and other.resource_type != "test":
                alone = f'"path:{other.original_file_path}" is the {other.resource_type} alone'
                return f'"{word}" is a folder as well, and dbt selects all that is in it: {alone}'
    return None


def _hint(
    manifest: Any,
    names: Names,
    node: DbtNode,
    given: Mapping[str, Mapping[str, str]],
    makers: Mapping[str, str],
) -> str | None:
    """What to do when an input is not there: name the inputs that were neither built nor given, or their columns."""
    if _NO_COLUMNS.search(node.message):
        return _build_first(manifest, node)
    inputs = [at for at in ancestors(manifest, [node.unique_id]) if at in given and at != node.unique_id]
    if mismatched := {column.lower() for column in _MISMATCH.findall(node.message)}:
        return "; ".join(_undeclared(manifest, names, mismatched, {at: given[at] for at in inputs})) or None
    if _COLUMN.search(node.message):
        columns = (f"{names.spell(at)} was given the columns {', '.join(given[at])}" for at in inputs)
        return "; ".join(columns) or None
    if not _MISSING.search(node.message):
        return None
    parent = _missing_parent(manifest, node, given)
    if parent is None:
        return None
    name = names.spell(str(parent.unique_id))
    hint = f'give it rows: dbt.given("{name}", […])'
    maker = manifest.nodes.get(makers.get(parent.unique_id))
    if maker is not None:  # which dbt does not know to be an input
        return f'{hint}, or build what is there first: dbt.build("{names.spell(maker.unique_id)}")'
    if parent.resource_type == "seed":  # which `run` does not load, by whatever selection
        return f'{hint}, or load it: dbt.seed("{parent.name}"), or dbt.build("+{node.name}")'
    return hint if parent.resource_type == "source" else f'{hint}, or build it first: "+{node.name}"'


def _build_first(manifest: Any, node: DbtNode) -> str | None:
    """What to do where there is no table that has the columns of a unit test's input, of `this` among them."""
    test = manifest.unit_tests.get(node.unique_id)
    models = [manifest.nodes[at] for at in (test.depends_on.nodes if test is not None else ()) if at in manifest.nodes]
    if not models:
        return None
    version = getattr(models[0], "version", None)
    name = models[0].name if version is None else f"{models[0].name}.v{version}"
    return f'dbt takes the columns of what a unit test gives from tables: make them first, dbt.run("+{name}")'


def _undeclared(
    manifest: Any, names: Names, mismatched: Collection[str], given: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """Yield the columns that break a contract as nothing says of what type the values are that were given to them."""
    for at, columns in given.items():
        declared = declared_types(manifest.sources.get(at) or manifest.nodes[at])
        for column, kind in columns.items():
            if column not in declared and column.lower() in mismatched:
                what = f"{'whole numbers' if 'int' in kind.lower() else 'values'}, which are {kind.lower()}"
                yield f"{names.spell(at)}.{column} was given {what}: declare its data_type in the YAML"


def _missing_parent(manifest: Any, node: DbtNode, given: Collection[str]) -> Any:
    """The input of a node that its message says is not there; by its schema too, where tables of two have one name."""
    message = node.message.lower().replace('"', "").replace("`", "")
    found = manifest.nodes.get(node.unique_id)
    likely: list[tuple[bool, Any]] = []
    for at in getattr(found, "depends_on_nodes", ()):
        parent = manifest.sources.get(at) or manifest.nodes.get(at)
        table = str(getattr(parent, "identifier", None) or getattr(parent, "alias", "")).lower()
        if parent is None or at in given or not re.search(rf"(?<!\w){re.escape(table)}(?!\w)", message):
            continue
        likely.append((f"{parent.schema}.{table}".lower() in message, parent))
    return max(likely, key=lambda pair: pair[0])[1] if likely else None
