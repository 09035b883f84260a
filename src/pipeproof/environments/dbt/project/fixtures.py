"""Rows for the project's sources, kept in files beside it: those of `raw.orders` are in `fixtures/raw/orders.csv`."""

from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.errors import DbtRowsError
from pipeproof.errors import Location
from pipeproof.text import closest

FOLDER = "fixtures"
"""The folder in the project, in which each source has one of its name."""

SUFFIXES = (".csv", ".tsv", ".parquet", ".yml", ".yaml")


def find_fixtures(manifest: Any, project_dir: Path) -> dict[str, Path]:
    """Return the files of the sources that have one, by the sources' unique ids.

    Raises:
        DbtRowsError: A source has two, or a file in a source's folder is of no table of its.
    """
    found: dict[str, Path] = {}
    tables: dict[str, dict[str, str]] = {}
    for at, source in manifest.sources.items():
        if source.package_name == manifest.metadata.project_name:
            tables.setdefault(source.source_name, {})[source.name] = at
    for name, of_source in tables.items():
        files = sorted(file for file in (project_dir / FOLDER / name).glob("*") if file.suffix.lower() in SUFFIXES)
        for file in files:
            table = of_source.get(file.stem)
            if table is None:
                close = closest(file.stem, of_source)
                hint = f"did you mean {close}?" if close else f"it has {', '.join(of_source)}"
                message = f"the source {name} has no table {file.stem!r} that these rows could be of"
                raise DbtRowsError(message, hint=hint, location=Location(file, 1))
            if table in found:
                raise DbtRowsError(f"{name}.{file.stem} has rows in two files: {found[table].name} and {file.name}")
            found[table] = file
    return found
