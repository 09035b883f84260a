"""From whatever a user has (a dict, a path, a template) to a definition that the engine can run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeproof.cloudformation import DocumentError
from pipeproof.errors import InputError
from pipeproof.stepfunctions.definition.files import Machines, read_machines
from pipeproof.stepfunctions.definition.functions import TemplateFunction, find_functions
from pipeproof.stepfunctions.definition.model import Definition, build_definition
from pipeproof.stepfunctions.definition.source import Document, parse_text, read_document
from pipeproof.stepfunctions.definition.substitutions import substitute, substitute_value
from pipeproof.stepfunctions.definition.templates import choose_machine
from pipeproof.stepfunctions.definition.unfilled import find_unfilled
from pipeproof.stepfunctions.definition.validation import Finding, validate
from pipeproof.stepfunctions.errors import DefinitionError
from pipeproof.stepfunctions.values import copy

_SHOWN = 10
TOLERATED = frozenset({"SFN107", "SFN702"})
"""What the service refuses but the engine can run: a published sample says a name where an ARN will be."""


def load_definition(
    source: Mapping[str, Any] | str | Path,
    *,
    name: str | None = None,
    substitutions: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    machine_type: str | None = None,
) -> Definition:
    """Loads and validates a definition. JSONata expressions are parsed when they are used.

    Args:
        source: A dict, JSON text, or the path of JSON, YAML or a template.
        name: The machine's name.
        substitutions: Values for `${Name}`.
        parameters: Values of a template's parameters.
        machine_type: STANDARD or EXPRESS; of None the template says it, or it is STANDARD.

    Raises:
        DefinitionError: It cannot be read, or the service would not accept it.
    """
    document, found_name, found_type = _find(source, name, substitutions, parameters)
    kind = (machine_type or found_type or "STANDARD").upper()
    findings = validate(document, kind, expressions=False)
    errors = [finding for finding in findings if finding.severity == "error" and finding.code not in TOLERATED]
    if errors:
        raise DefinitionError(render_findings(errors, document), location=document.locate(errors[0].position))
    definition = build_definition(document)
    definition.name, definition.machine_type = found_name, kind
    definition.unfilled = tuple(dict.fromkeys(name for name, _ in find_unfilled(document)))
    return definition


def require_filled(definition: Definition) -> None:
    """Refuses a definition in which a value is still to be put in, where it cannot run without.

    Raises:
        DefinitionError: There is such a `${Name}`.
    """
    names = definition.unfilled
    if not names:
        return
    position = next(position for _, position in find_unfilled(definition.document))
    shown = ", ".join(f"${{{name}}}" for name in names)
    values = ", ".join(f'"{name}": …' for name in names)
    raise DefinitionError(
        f"nothing is put in for {shown}, without which the machine cannot run",
        hint=f"Give substitutions={{{values}}}; on the command line --substitution NAME=VALUE.",
        location=definition.document.locate(position),
    )


def render_findings(errors: list[Finding], document: Document) -> str:
    """Return what the service would not accept, one line each."""
    lines = [f"  {finding.render(document)}" for finding in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        lines.append(f"  and {len(errors) - _SHOWN} more")
    return "\n".join(["the definition would not be accepted:", *lines])


def load_document(
    source: Mapping[str, Any] | str | Path,
    *,
    name: str | None = None,
    substitutions: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[Document, str | None]:
    """Return the document that holds the definition, and the machine's name where the source gives one.

    Raises:
        DefinitionError: It cannot be read, or the template has several machines and no name is given.
        TemplateError: The template has no such parameter, or a function in it is used wrongly.
        InputError: Parameters are given for what is no template.
    """
    return _find(source, name, substitutions, parameters)[:2]


def _find(
    source: Mapping[str, Any] | str | Path,
    name: str | None,
    substitutions: Mapping[str, Any] | None,
    parameters: Mapping[str, Any] | None,
) -> tuple[Document, str | None, str | None]:
    """Return the document, the machine's name and its type, where the source says them."""
    if isinstance(source, Mapping):
        return Document(copy(dict(substitute_value(source, substitutions)))), name, None
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return parse_text(substitute(source, substitutions)), name, None
    file = Path(source)
    if not file.is_file():
        raise DefinitionError(f"there is no definition at {file}")
    machines = _machines(file, substitutions, parameters)
    if machines is not None:
        machine = choose_machine(machines.found, name, file)
        return _named(machine.document), machine.name, machine.type
    if parameters:
        raise InputError(
            f"{file} is not a template: it has no parameters", hint="Values for ${Name} are substitutions."
        )
    return _named(read_document(file, substitutions)), name or file.name.split(".")[0], None


def _named(document: Document) -> Document:
    if document.text is None:
        restore_names(document.value)
    return document


def _machines(
    file: Path, substitutions: Mapping[str, Any] | None = None, parameters: Mapping[str, Any] | None = None
) -> Machines | None:
    try:
        return read_machines(file, substitutions, parameters)
    except DocumentError:
        return None  # reading it as a definition tells what is wrong with it


def functions_beside(
    source: Mapping[str, Any] | str | Path, parameters: Mapping[str, Any] | None = None
) -> tuple[dict[str, TemplateFunction], dict[str, Any]]:
    """The Lambda functions that stand beside the machine: a template's, and as `lambdas` takes them those of others."""
    if isinstance(source, Mapping) or (isinstance(source, str) and source.lstrip().startswith("{")):
        return {}, {}
    file = Path(source)
    machines = _machines(file, None, parameters) if file.is_file() else None
    if machines is None:
        return {}, {}
    described = find_functions(machines.template, file) if machines.template is not None else ()
    others = {name: function for machine in machines.found for name, function in machine.functions.items()}
    return {function.name: function for function in described}, others


def policy_of_machine(
    policy: Any, source: Mapping[str, Any] | str | Path, name: str | None, parameters: Mapping[str, Any] | None
) -> Any:
    """A role's policy as it was given; of the template that the machine itself stands in, that of the machine's role.

    Raises:
        PolicyError: The template does not tell what the machine's role may do.
    """
    if not isinstance(policy, (str, Path)) or not isinstance(source, (str, Path)):
        return policy
    if source == policy or (Path(policy).is_file() and Path(source).is_file() and Path(policy).samefile(source)):
        machines = _machines(Path(source), None, parameters)
        read_policy = choose_machine(machines.found, name, Path(source)).read_policy if machines else None
        return read_policy() if read_policy else policy
    return policy


def restore_names(graph: Any) -> None:
    """Makes names of what YAML reads as true and false: in `Next: Yes` as in the state's own key `Yes:`."""
    states = graph.get("States") if isinstance(graph, dict) else None
    if not isinstance(states, dict):
        return
    for state in states.values():
        if not isinstance(state, dict):
            continue
        for holder in (state, *_entries(state, "Choices"), *_entries(state, "Catch")):
            for field in ("Next", "Default"):
                if isinstance(holder.get(field), bool) and str(holder[field]) in states:
                    holder[field] = str(holder[field])
        for inner in (*_entries(state, "Branches"), state.get("ItemProcessor"), state.get("Iterator")):
            restore_names(inner)


def _entries(state: dict[str, Any], field: str) -> list[dict[str, Any]]:
    entries = state.get(field)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
