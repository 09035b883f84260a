"""What `pipeproof states check | run | graph` do."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeproof.cloudformation import DocumentError, TemplateError
from pipeproof.errors import InputError
from pipeproof.stepfunctions.definition.loading import load_definition, load_document
from pipeproof.stepfunctions.definition.source import Document
from pipeproof.stepfunctions.definition.templates import find_machines, read_template
from pipeproof.stepfunctions.definition.validation import Finding, validate
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.errors import DefinitionError
from pipeproof.stepfunctions.reporting.coverage import Coverage, merge_coverages
from pipeproof.stepfunctions.reporting.mermaid import render_graph


def run_check(arguments: argparse.Namespace) -> int:
    """Lints files; 1 where there are errors."""
    findings: list[tuple[Document, Finding]] = []
    for file in arguments.files:
        findings.extend(_check_file(file, arguments.type, arguments.role_policy))
    errors = sum(finding.severity == "error" for _, finding in findings)
    if arguments.json:
        _write(json.dumps([_as_dict(document, finding) for document, finding in findings], indent=2))
    else:
        for document, finding in findings:
            _write(finding.render(document))
        counts = {"file": len(arguments.files), "error": errors, "warning": len(findings) - errors}
        _write(", ".join(f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items()))
    return 1 if errors else 0


def _check_file(file: Path, kind: str | None, policy_file: Path | None) -> Iterator[tuple[Document, Finding]]:
    unreadable = Document({}, file, None)
    try:
        template = read_template(file) if file.is_file() else None
        machines = list(find_machines(template, file)) if template is not None else []
        if template is not None:
            for machine in machines:
                yield from _check_document(machine.document, kind or machine.type, policy_file)
                if policy_file is None:
                    yield from _check_role(machine, template)
        else:
            yield from _check_document(load_document(file)[0], kind or "STANDARD", policy_file)
    except (DefinitionError, DocumentError, TemplateError) as error:
        unreadable.origin = error.location
        yield unreadable, Finding("SFN001", error.message, ())


def _check_document(document: Document, kind: str, policy_file: Path | None) -> Iterator[tuple[Document, Finding]]:
    findings = validate(document, kind)
    yield from ((document, finding) for finding in findings)
    if policy_file is not None and not any(finding.severity == "error" for finding in findings):
        from pipeproof.iam import Policy

        yield from _permissions(document, Policy.load(policy_file))


def _check_role(machine: Any, template: Any) -> Iterator[tuple[Document, Finding]]:
    """What the policy of the machine's role in the same template lacks."""
    from pipeproof.iam import Policy, PolicyError

    if any(finding.severity == "error" for finding in validate(machine.document, machine.type, expressions=False)):
        return
    try:
        from pipeproof.iam.roles import policy_of_role

        policy: Policy = policy_of_role(template, machine.role or machine.logical_id, str(machine.document.file))
    except (PolicyError, TemplateError):
        return  # the role is somebody else's, or is not known before the deployment
    yield from _permissions(machine.document, policy)


def _permissions(document: Document, policy: Any) -> Iterator[tuple[Document, Finding]]:
    from pipeproof.stepfunctions.aws.permissions import check_permissions
    from pipeproof.stepfunctions.definition.model import build_definition

    definition = build_definition(document)
    for finding in check_permissions(definition, policy, "123456789012", "us-east-1"):
        yield document, finding


def _as_dict(document: Document, finding: Finding) -> dict[str, Any]:
    location = document.locate(finding.position)
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "pointer": finding.pointer,
        "file": str(location.file) if location else None,
        "line": location.line if location else None,
        "column": location.column if location else None,
    }


def run_execution(arguments: argparse.Namespace) -> int:
    """Runs one execution; 1 where it does not succeed."""
    from pipeproof.stepfunctions.machine import StateMachine

    text = arguments.input
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise InputError(f"--input: {text[1:]} cannot be read: {error}") from error
    try:
        value = json.loads(text)
    except ValueError as error:
        raise InputError(f"--input is no JSON: {error}") from error
    sys.path[:0] = [str(Path.cwd()), str(arguments.file.resolve().parent)]  # where a template's handlers are
    machine = StateMachine(arguments.file, name=arguments.name)
    execution = machine.run(value, arguments.mocks, check=False, test_case=arguments.test_case, seed=arguments.seed)
    _write(json.dumps(_describe(execution), indent=2, default=str) if arguments.json else _summary(execution))
    return 0 if execution.status == "SUCCEEDED" else 1


def _describe(execution: Execution) -> dict[str, Any]:
    return {
        "status": execution.status,
        "output": execution.output,
        "error": execution.error,
        "cause": execution.cause,
        "path": list(execution.path),
        "elapsed": execution.elapsed,
        "events": [event.to_dict(execution.start) for event in execution.events],
    }


def _summary(execution: Execution) -> str:
    from pipeproof.stepfunctions.engine.execution import render_failure

    if execution.status != "SUCCEEDED":
        return render_failure(execution)
    path = " → ".join(execution.path)
    output = json.dumps(execution.output, indent=2)
    return f"SUCCEEDED after {execution.elapsed:g} virtual seconds\n  path: {path}\n{output}"


def run_graph_command(arguments: argparse.Namespace) -> int:
    """Draws a definition."""
    definition = load_definition(arguments.file, name=arguments.name)
    coverage = read_coverage(arguments.coverage, definition.name) if arguments.coverage else None
    _write(render_graph(definition, coverage))
    return 0


def read_coverage(report: Path, machine: str | None) -> Coverage:
    """The coverage of a machine in a report.json, all of its executions together.

    Raises:
        InputError: The report cannot be read, or tells of no execution of the machine.
    """
    try:
        found = list(_coverages(json.loads(report.read_text(encoding="utf-8"))))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the report {report}: {error}") from error
    merged = merge_coverages(found)
    for coverage in merged:
        if coverage.machine == machine:
            return coverage
    there = f"those of {', '.join(repr(coverage.machine) for coverage in merged)}" if merged else "none at all"
    raise InputError(
        f"the report {report} has no execution of {machine!r}; it has {there}",
        hint="Give the report of a run that tests it, and with --name the name that it has there.",
    )


def _coverages(node: Any) -> Iterator[Coverage]:
    """Coverages wherever evidence stands in a report."""
    if isinstance(node, dict):
        if node.get("kind") == "stepfunctions.execution" and isinstance(node.get("data"), dict):
            yield Coverage.from_dict(node["data"]["coverage"])
        for item in node.values():
            yield from _coverages(item)
    elif isinstance(node, list):
        for item in node:
            yield from _coverages(item)


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
