"""From whatever a user has (a dict, a path, a template) to a definition that the engine can run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.stepfunctions.errors import DefinitionError
from pipeproof.stepfunctions.model import Definition, build_definition
from pipeproof.stepfunctions.source import Document, parse_text, read_document


def load_definition(
    source: Mapping[str, Any] | str | Path,
    *,
    name: str | None = None,
    substitutions: Mapping[str, Any] | None = None,
    machine_type: str = "STANDARD",
) -> Definition:
    """Loads and validates a definition.

    Raises:
        DefinitionError: It cannot be read, or the service would not accept it.
    """
    document, found_name = load_document(source, name=name, substitutions=substitutions)
    definition = build_definition(document)
    definition.name = found_name
    return definition


def load_document(
    source: Mapping[str, Any] | str | Path,
    *,
    name: str | None = None,
    substitutions: Mapping[str, Any] | None = None,
) -> tuple[Document, str | None]:
    """The document that holds the definition, and the machine's name where the source gives one."""
    if isinstance(source, Mapping):
        return Document(dict(source)), name
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return parse_text(source), name
    file = Path(source)
    if not file.is_file():
        raise DefinitionError(f"there is no definition at {file}")
    return read_document(file, substitutions), name or file.name.split(".")[0]
