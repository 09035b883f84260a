"""What `pipeproof states check` does: files and folders to findings."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeproof.cloudformation import DocumentError, TemplateError, parse_document
from pipeproof.stepfunctions.definition.files import Machines, read_machines
from pipeproof.stepfunctions.definition.loading import load_document
from pipeproof.stepfunctions.definition.source import Document
from pipeproof.stepfunctions.definition.templates import RoleReading, TemplateMachine
from pipeproof.stepfunctions.definition.validation import Finding, validate
from pipeproof.stepfunctions.errors import DefinitionError

ACCOUNT, REGION = "123456789012", "us-east-1"
_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_SKIPPED = frozenset({"node_modules", "__pycache__", "venv", "site-packages"})

Found = tuple[Document, Finding]


@dataclass
class Check:
    """How files are checked.

    Attributes:
        kind: STANDARD or EXPRESS, where a template does not say it.
        policy_file: The role's policy, in place of the one that a template has.
        parameters: Values of templates' parameters; a template takes those that it has.
        used: The parameters that some template has.
    """

    kind: str | None = None
    policy_file: Path | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def check_file(self, file: Path, *, lenient: bool = False) -> Iterator[Found]:
        """Yield the findings of a file.

        Args:
            file: The file.
            lenient: It was found in a folder: what is neither a template nor a definition is passed over.
        """
        unreadable = Document({}, file, None)
        try:
            machines = self._machines(file)
            if machines is not None:
                yield from self._check_machines(file, machines)
            elif not lenient or _is_definition(file):
                yield from self._check_definition(load_document(file)[0])
        except (DefinitionError, DocumentError, TemplateError) as error:
            if lenient and machines_unlikely(file):
                return
            unreadable.origin = error.location
            yield unreadable, Finding("SFN001", error.message, ())

    def _machines(self, file: Path) -> Machines | None:
        if not file.is_file():
            return None
        declared = read_machines(file)
        if declared is None or declared.template is None:
            return declared
        own = {name: value for name, value in self.parameters.items() if name in declared.template.parameter_names}
        self.used.update(own)
        return read_machines(file, None, own) if own else declared

    def _check_machines(self, file: Path, machines: Machines) -> Iterator[Found]:
        for problem in machines.twice:
            place = Document({}, file, None, origin=problem.location)
            yield place, Finding("SFN001", f"{problem.message}; the last one counts", (), "warning")
        for machine in machines.found:
            if machine.doubt:
                yield machine.document, Finding("SFN002", machine.doubt, (), "warning")
            findings = validate(machine.document, self.kind or machine.type)
            yield from ((machine.document, finding) for finding in findings)
            if not any(finding.severity == "error" for finding in findings):
                yield from self._check_role(machine)

    def _check_definition(self, document: Document) -> Iterator[Found]:
        findings = validate(document, self.kind or "STANDARD")
        yield from ((document, finding) for finding in findings)
        if self.policy_file is not None and not any(finding.severity == "error" for finding in findings):
            from pipeproof.iam import Policy

            yield from _permissions(document, RoleReading(document, Policy.load(self.policy_file), "*"))

    def _check_role(self, machine: TemplateMachine) -> Iterator[Found]:
        """Yield what the policy of the machine's role in the same template lacks."""
        from pipeproof.iam import Policy, PolicyError

        if self.policy_file is not None:
            policy = Policy.load(self.policy_file)
            yield from _permissions(machine.document, RoleReading(machine.document, policy, "*"))
            return
        try:
            found = machine.read_role() if machine.read_role else None
        except (PolicyError, TemplateError, DefinitionError):
            return  # the role is somebody else's, or is not known before the deployment
        if found is not None:
            yield from _permissions(machine.document, found)


def _permissions(document: Document, role: RoleReading) -> Iterator[Found]:
    """Yield what a role's policy lacks for a definition, said of the document."""
    from pipeproof.stepfunctions.aws.permissions import check_permissions
    from pipeproof.stepfunctions.definition.model import build_definition

    definition = build_definition(role.document)
    for finding in check_permissions(definition, role.policy, ACCOUNT, REGION, role.machine_arn, role.policy_of):
        yield document, finding


def find_files(paths: list[Path]) -> Iterator[tuple[Path, bool]]:
    """The files to check, and whether each was found in a folder: those that may hold a template or a definition."""
    for path in paths:
        if not path.is_dir():
            yield path, False
            continue
        for folder, names, files in os.walk(path):
            hidden = (".aws-sam", ".serverless")
            names[:] = sorted(name for name in names if name not in _SKIPPED and (name[:1] != "." or name in hidden))
            yield from ((Path(folder, name), True) for name in sorted(files) if name.lower().endswith(_SUFFIXES))


def _is_definition(file: Path) -> bool:
    """Return whether a file of a folder holds a state machine: by its name, or by its first fields."""
    if ".asl." in file.name.lower():
        return True
    try:
        text = file.read_text(encoding="utf-8-sig")
        document = parse_document(text, file) if "StartAt" in text and "States" in text else None
    except (OSError, UnicodeDecodeError, DocumentError):
        return False
    return isinstance(document, Mapping) and "StartAt" in document and "States" in document


def machines_unlikely(file: Path) -> bool:
    """Return whether a file that cannot be read hardly held a state machine: it speaks of none."""
    try:
        text = file.read_bytes()
    except OSError:
        return True
    return not any(word in text for word in (b"StateMachine", b"StartAt", b"aws_sfn_state_machine"))
