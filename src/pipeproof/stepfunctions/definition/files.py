"""What a file holds: state machines of a template (SAM, CloudFormation, CDK, Terraform), or a definition."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeproof.cloudformation import DocumentError, Template, parse_document
from pipeproof.stepfunctions.definition.templates import TemplateMachine, find_machines, read_template
from pipeproof.stepfunctions.definition.terraform import find_terraform_machines, is_terraform


@dataclass(frozen=True, slots=True)
class Machines:
    """The state machines of a file that is a template.

    Attributes:
        found: The machines, in the file's order.
        twice: Keys that the file has twice.
        template: The template, where it is CloudFormation's.
    """

    found: list[TemplateMachine]
    twice: tuple[DocumentError, ...] = ()
    template: Template | None = None


def read_machines(
    file: Path, substitutions: Mapping[str, Any] | None = None, parameters: Mapping[str, Any] | None = None
) -> Machines | None:
    """Return the state machines of a template, or None for a file that is none.

    Args:
        file: The file.
        substitutions: Values for `${Name}` in the definitions.
        parameters: Values of the template's parameters; the others have their default or a stand-in.

    Raises:
        DocumentError: The file cannot be read or parsed.
        DefinitionError: A definition cannot be read.
        TemplateError: The template has no such parameter, or a function in it is used wrongly.
    """
    template = read_template(file, parameters)
    if template is not None:
        return Machines(list(find_machines(template, file, substitutions)), template.twice, template)
    if file.suffix.lower() == ".json":
        text = file.read_text(encoding="utf-8-sig")
        if '"terraform_version"' in text and '"format_version"' in text:
            document = parse_document(text, file)
            if is_terraform(document):
                return Machines(list(find_terraform_machines(document, file, substitutions)))
    return None
