"""Which columns of a project's sources point to which: by its tests, by `--join`, and by how they are called."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeproof.errors import InputError


@dataclass(frozen=True, slots=True)
class Join:
    """A column of one source that holds values of another one's.

    Args:
        child: The unique id of the source that points.
        column: Its column.
        parent: The unique id of the source that is pointed to.
        key: That one's column.
    """

    child: str
    column: str
    parent: str
    key: str


def find_joins(manifest: Any, columns: Mapping[str, Sequence[str]], said: Sequence[str] = ()) -> list[Join]:
    """Return the joins between sources.

    Args:
        manifest: The project.
        columns: The columns of the sources that are sampled, by their unique ids.
        said: Joins as the command line has them: `raw.orders.customer=raw.people.id`.

    Raises:
        InputError: One that is said is no join, or of a source or column that is not there.
    """
    found = [*_said(manifest, columns, said), *_tested(manifest, columns), *_called(manifest, columns)]
    kept: dict[tuple[str, str], Join] = {}
    for join in found:  # the first that says where a column points to counts
        kept.setdefault((join.child, join.column.lower()), join)
    return list(kept.values())


def _said(manifest: Any, columns: Mapping[str, Sequence[str]], said: Sequence[str]) -> Iterator[Join]:
    names = {
        f"{manifest.sources[at].source_name}.{manifest.sources[at].name}.{column}".lower(): (at, column)
        for at, of_source in columns.items()
        for column in of_source
    }
    for text in said:
        child, _, parent = text.lower().partition("=")
        absent = [name for name in (child.strip(), parent.strip()) if name not in names]
        if absent:
            raise InputError(f"--join {text}: there is no column {absent[0]!r}", hint="write a.b.column=c.d.column")
        yield Join(*names[child.strip()], *names[parent.strip()])


def _tested(manifest: Any, columns: Mapping[str, Sequence[str]]) -> Iterator[Join]:
    """Yield the joins that tests `relationships` of sources state."""
    for test in manifest.nodes.values():
        metadata = getattr(test, "test_metadata", None)
        if metadata is None or metadata.name != "relationships":
            continue
        sources = [at for at in test.depends_on.nodes if at in columns]
        child = getattr(test, "attached_node", None)
        key, column = metadata.kwargs.get("field"), metadata.kwargs.get("column_name")
        parent = next((at for at in sources if at != child), child if len(sources) == 1 else None)
        if child and parent and key and column and child in columns:
            yield from _match(columns, child, column, parent, key)


def _called(manifest: Any, columns: Mapping[str, Sequence[str]]) -> Iterator[Join]:
    """Yield the joins that names tell of: `person_id` points to the `id` or `person_id` of `person` or `persons`."""
    for child, of_child in columns.items():
        for column in of_child:
            stem = column.lower().removesuffix("_id")
            if stem == column.lower():
                continue
            plurals = {stem, f"{stem}s", f"{stem}es", f"{stem.removesuffix('y')}ies"}
            for parent, of_parent in columns.items():
                name = manifest.sources[parent].name.lower()
                key = next((one for one in ("id", f"{stem}_id") if one in map(str.lower, of_parent)), None)
                if parent != child and key and (name in plurals or name.split("_", 1)[-1] in plurals):
                    yield from _match(columns, child, column, parent, key)


def _match(columns: Mapping[str, Sequence[str]], child: str, column: str, parent: str, key: str) -> Iterator[Join]:
    """Yield a join with its columns as the database spells them, if both are there."""
    ours = next((name for name in columns[child] if name.lower() == column.lower().strip('"`')), None)
    theirs = next((name for name in columns[parent] if name.lower() == key.lower().strip('"`')), None)
    if ours and theirs:
        yield Join(child, ours, parent, theirs)
