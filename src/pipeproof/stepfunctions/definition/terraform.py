"""State machines in what `terraform show -json` writes of a plan or a state, and the roles beside them.

Source: Terraform's "JSON Output Format": resources stand under `values` (a state) or `planned_values` (a plan), those
of modules in `child_modules`. In a plan, what is known only after the deployment is left out.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.errors import Location
from pipeproof.stepfunctions.definition.source import Document, parse_text
from pipeproof.stepfunctions.definition.substitutions import substitute
from pipeproof.stepfunctions.definition.templates import RoleReading, TemplateMachine
from pipeproof.stepfunctions.errors import DefinitionError

if TYPE_CHECKING:
    from pipeproof.iam import Policy

_MACHINE = "aws_sfn_state_machine"

Entry = Mapping[str, Any]


def is_terraform(document: Any) -> bool:
    """Return whether a document is what `terraform show -json` writes."""
    return isinstance(document, Mapping) and "format_version" in document and "terraform_version" in document


def find_terraform_machines(
    document: Mapping[str, Any], file: Path, substitutions: Mapping[str, Any] | None = None
) -> Iterator[TemplateMachine]:
    """Yield the state machines of a plan or a state, in its order; the logical id is Terraform's address.

    Raises:
        DefinitionError: A definition is not known before the deployment, or cannot be read.
    """
    entries = list(_entries(document))
    functions = dict(_functions(entries))
    for entry in entries:
        if entry.get("type") != _MACHINE:
            continue
        values = entry.get("values") or {}
        text, address = values.get("definition"), str(entry.get("address"))
        if not isinstance(text, str):
            raise DefinitionError(
                f"the definition of {address} is known only after the deployment",
                hint="Run `terraform show -json` after an apply, or check the definition's own file.",
                location=Location(file, 1),
            )
        parsed = parse_text(substitute(text, substitutions), None)
        machine = Document(parsed.value, file, None, origin=_place(address, file), _located={})
        name = str(values.get("name") or entry.get("name"))
        kind = str(values.get("type") or "STANDARD")
        read_role = partial(_read_role, machine, values, address, entries, file)
        read_policy = partial(_policy, values.get("role_arn"), address, entries, file)
        yield TemplateMachine(address, name, machine, kind, read_role, read_policy, functions=functions)


def _entries(document: Mapping[str, Any]) -> Iterator[Entry]:
    values = document.get("values") or document.get("planned_values") or {}
    yield from _of_module(values.get("root_module") or {})


def _of_module(module: Mapping[str, Any]) -> Iterator[Entry]:
    yield from (entry for entry in module.get("resources") or () if entry.get("mode", "managed") == "managed")
    for child in module.get("child_modules") or ():
        yield from _of_module(child)


def _place(address: str, file: Path) -> Location:
    """Return the line of a resource's address; Terraform writes it all in one line unless somebody has indented it."""
    lines = file.read_text(encoding="utf-8-sig").split("\n")
    wanted = json.dumps(address)
    return Location(file, next((number for number, line in enumerate(lines, 1) if wanted in line), 1))


def _functions(entries: list[Entry]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the functions in Python, each with what a state machine's `lambdas` takes."""
    for entry in entries:
        values = entry.get("values") or {}
        handler = values.get("handler")
        if (
            entry.get("type") == "aws_lambda_function"
            and isinstance(handler, str)
            and "." in handler
            and str(values.get("runtime", "")).startswith("python")
        ):
            module, _, function = handler.rpartition(".")
            environment = (values.get("environment") or [{}])[0].get("variables") or {}
            described = {"timeout": values.get("timeout"), "memory": values.get("memory_size")}
            yield (
                str(values.get("function_name")),
                {
                    "handler": f"{module.replace('/', '.')}:{function}",
                    "environment": {name: value for name, value in environment.items() if value is not None},
                    **{key: value for key, value in described.items() if value is not None},
                },
            )


def _read_role(document: Document, values: Entry, address: str, entries: list[Entry], file: Path) -> RoleReading:
    from pipeproof.iam import PolicyError

    def policy_of(arn: str) -> "Policy | None":
        try:
            return _policy(arn, address, entries, file)
        except PolicyError:
            return None

    policy = _policy(values.get("role_arn"), address, entries, file)
    return RoleReading(document, policy, str(values.get("arn") or "*"), policy_of)


def _policy(role_arn: Any, machine: str, entries: list[Entry], file: Path) -> "Policy":
    """Return what the role of a machine may do, of the policies that stand beside it.

    Raises:
        PolicyError: The role, or one of its policies, is not in the file.
    """
    from pipeproof.iam import Policy, PolicyError

    of_type: dict[str, list[Entry]] = {}
    for entry in entries:
        of_type.setdefault(str(entry.get("type")), []).append(entry.get("values") or {})
    role = next((role for role in of_type.get("aws_iam_role", ()) if role.get("arn") == role_arn is not None), None)
    if role is None:
        raise PolicyError(f"the role of {machine} is not in {file}")
    names = {role.get("name"), role.get("id")}
    parts: list[Policy] = []
    documents = [inline.get("policy") for inline in role.get("inline_policy") or () if inline.get("policy")]
    documents += [found.get("policy") for found in of_type.get("aws_iam_role_policy", ()) if found.get("role") in names]
    own = {found.get("arn"): found.get("policy") for found in of_type.get("aws_iam_policy", ())}
    attached = list(role.get("managed_policy_arns") or ())
    attached += [
        found.get("policy_arn")
        for found in of_type.get("aws_iam_role_policy_attachment", ())
        if found.get("role") in names
    ]
    for arn in dict.fromkeys(attached):
        if arn in own:
            documents.append(own[arn])
        else:
            parts.append(Policy.managed(str(arn)))
    for text in documents:
        if not isinstance(text, str):
            raise PolicyError(f"a policy of the role of {machine} is known only after the deployment")
        parts.append(Policy.parse(json.loads(text), name=f"{file.name}:{role.get('name')}"))
    statements = tuple(statement for part in parts for statement in part.statements)
    return Policy(statements, name=f"{file.name}:{role.get('name')}", principal_arn=str(role_arn))
