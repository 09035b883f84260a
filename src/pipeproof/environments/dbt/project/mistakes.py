"""What a test most likely meant where what it says cannot be: names, selections, columns, rows that are not there."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.errors import (
    DbtNameError,
    DbtNotBuiltError,
    DbtNothingSelected,
    DbtQueryError,
    DbtRowsError,
)
from pipeproof.environments.dbt.project.manifest import BUILT_KINDS
from pipeproof.environments.dbt.requests import Request
from pipeproof.errors import PipeproofError
from pipeproof.text import alike, closest

_BUILDERS = {"seed": "seed", "snapshot": "snapshot"}


def suggest(name: str, names: Iterable[str]) -> str | None:
    """Return the names that are like one that there is not, as a question."""
    known = {known.lower(): known for known in sorted(names, key=lambda known: (-known.count("."), known))}
    close = list(dict.fromkeys(known[like] for like in alike(name.lower(), known)))
    plain = [like for like in close if like.rsplit(".", 1)[-1] not in close or "." not in like]
    return f"did you mean {' or '.join(plain)}?" if plain else None


def unknown_name(name: object, names: Iterable[str], manifest: Any) -> DbtNameError:
    """Return the error for a name that nothing in the project has."""
    if not isinstance(name, str):
        return DbtNameError(f"a model, seed, snapshot or source is named by text, not by {type(name).__name__}")
    if any(node.name == name for versions in manifest.disabled.values() for node in versions):
        return DbtNameError(f"{name} is disabled in the project", hint="`enabled` in its configuration says so")
    hint = suggest(name.rpartition(":")[2], names) or "`dbt.project.nodes` lists what there is"
    return DbtNameError(f"the project has no model, seed, snapshot or source {name!r}", hint=hint)


def nothing_selected(request: Request, unmatched: Sequence[str], manifest: Any) -> DbtNothingSelected:
    """Return the error for a selection that matches nothing, in a part or as a whole."""
    what = ", ".join(unmatched) or " ".join(request.criteria) or "everything"
    if not unmatched and request.exclude:
        what += f" without {request.exclude}"
    hints = [hint for criterion in unmatched or request.criteria if (hint := _hint_at(criterion, request, manifest))]
    return DbtNothingSelected(f"dbt {request.command}: {what} matches nothing", hint="; ".join(hints) or None)


def _hint_at(criterion: str, request: Request, manifest: Any) -> str | None:
    """Return what one criterion, a plain name with pluses at most, may have meant."""
    name = re.sub(r"^(?:@|\d*\+)|\+\d*$", "", criterion).rsplit(".", 1)[-1]
    if not re.fullmatch(r"\w+", name):
        return None
    kinds = {
        node.name: str(node.resource_type) for node in manifest.nodes.values() if node.resource_type != "operation"
    }
    kinds |= {test.name: "test" for test in manifest.unit_tests.values()}
    if name not in kinds:
        if any(node.name == name for versions in manifest.disabled.values() for node in versions):
            return f"{name} is disabled in the project"
        return suggest(name, [known for known, kind in kinds.items() if kind in BUILT_KINDS])
    command = _BUILDERS.get(kinds[name], "test" if kinds[name] == "test" else "run")
    return None if command == request.command else f'{name} is a {kinds[name]}: dbt.{command}("{name}")'


def check_columns(node: Any, names: Sequence[str], project_dir: Path, built: Iterable[str] = ()) -> None:
    """Refuse rows with a column that a node is known not to have.

    A seed has the columns of its file, a model with an enforced contract those of its YAML, and what has been built
    in this test those that it has in the database. What else the YAML names need not be all columns that there are.
    """
    known = list(built)
    if node.resource_type == "seed":
        known = _seed_columns(node, project_dir) or known
    elif node.resource_type == "model" and node.config.contract.enforced:
        known = list(node.columns)
    elif node.resource_type == "source":
        _check_spelling(node, names)
    lower = {name.lower() for name in known}
    lacking = [name for name in names if name.lower() not in lower] if lower else []
    if lacking:
        raise DbtRowsError(
            f"{node.name} has no column {', '.join(map(repr, lacking))}", hint=f"it has {', '.join(known)}"
        )


def _check_spelling(node: Any, names: Sequence[str]) -> None:
    """Refuse a column of a source that its YAML does not name, if it is like one that it does and that is lacking.

    The YAML need not name all columns of a source, so any other is taken for one of the rest.
    """
    given = {name.lower() for name in names}
    declared = {column.name.lower() for column in node.columns.values()}
    for name in names:
        close = closest(name.lower(), declared - given, cutoff=0.75)
        if close and name.lower() not in declared:
            raise DbtRowsError(
                f"{node.source_name}.{node.name} has no column {name!r} in its YAML", hint=f"did you mean {close}?"
            )


def _seed_columns(node: Any, project_dir: Path) -> list[str]:
    """Return the columns of a seed's file."""
    import csv

    folder = getattr(node, "root_path", None) or project_dir
    try:
        with (Path(folder) / node.original_file_path).open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file, delimiter=str(node.config.get("delimiter") or ",")), [])
    except OSError:
        return []


def check_tolerance(tolerance: object) -> None:
    """Refuse a tolerance that is no distance."""
    for limit in tolerance.values() if isinstance(tolerance, Mapping) else [tolerance]:
        if isinstance(limit, int | float) and not isinstance(limit, bool) and limit >= 0:  # which NaN is not
            continue
        if limit is not None:
            raise DbtRowsError(f"tolerance: {limit!r} is not a distance", hint="give a number that is not negative")


@contextmanager
def explained(what: str, find_absent: Callable[[], PipeproofError | None]) -> Iterator[None]:
    """Tell what a driver raises in words of ours: what is not there, else what failed and the database's words."""
    try:
        yield
    except PipeproofError:
        raise
    except Exception as error:
        raise find_absent() or DbtQueryError(f"{what}: {str(error).strip()}") from error


def not_built(node: Any, name: str, status: str | None) -> DbtNotBuiltError:
    """Return the error for rows of something that is not in the database; `name` is what a test calls it."""
    if node.resource_type == "source":
        return DbtNotBuiltError(f"the source {name} has no table here", hint=f'give it rows: dbt.given("{name}", […])')
    how = f"dbt.{_BUILDERS.get(str(node.resource_type), 'run')}"
    if status is not None:
        return DbtNotBuiltError(f"{name} was not built: its last run in this test ended with {status!r}")
    return DbtNotBuiltError(
        f"{name} was not built in this test",
        hint=f'call {how}("{name.removeprefix("model:")}") first, or give it rows: dbt.given("{name}", […])',
    )
