"""What `pipeproof states check | run | graph` do."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeproof.errors import InputError
from pipeproof.stepfunctions.commands.checking import Check, Found, find_files
from pipeproof.stepfunctions.definition.loading import load_definition
from pipeproof.stepfunctions.definition.source import Document
from pipeproof.stepfunctions.definition.validation import Finding
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.reporting.coverage import Coverage, merge_coverages
from pipeproof.stepfunctions.reporting.mermaid import render_graph
from pipeproof.stepfunctions.reporting.sarif import render_sarif


def run_check(arguments: argparse.Namespace) -> int:
    """Lints files and what is in folders; 1 where there are errors."""
    check = Check(arguments.type, arguments.role_policy, read_parameters(arguments.parameter))
    findings: list[Found] = []
    files = list(find_files(arguments.files))
    for file, in_folder in files:
        findings.extend(check.check_file(file, lenient=in_folder))
    strange = sorted(check.parameters.keys() - check.used)
    if strange:
        raise InputError(f"--parameter {strange[0]}: no template that was checked has a parameter of that name")
    _write(_render_findings(findings, len(files), "json" if arguments.json else arguments.format))
    return 1 if any(finding.severity == "error" for _, finding in findings) else 0


def read_parameters(given: list[str] | None, option: str = "--parameter") -> dict[str, str]:
    """`NAME=VALUE` of the command line.

    Raises:
        InputError: One has no `=`.
    """
    parameters: dict[str, str] = {}
    for text in given or ():
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise InputError(f"{option} is written NAME=VALUE, not {text!r}")
        parameters[name] = value
    return parameters


def _render_findings(findings: list[Found], files: int, form: str) -> str:
    if form == "json":
        return json.dumps([_as_dict(document, finding) for document, finding in findings], indent=2)
    if form == "sarif":
        return render_sarif(findings, version("pipeproof"), Path.cwd())
    errors = sum(finding.severity == "error" for _, finding in findings)
    counts = {"file": files, "error": errors, "warning": len(findings) - errors}
    summary = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for what, count in counts.items())
    return "\n".join([*(finding.render(document) for document, finding in findings), summary])


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
    from pipeproof.stepfunctions.answers.invocations import live_handlers
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
        raise InputError(f"--input is not JSON: {error}") from error
    sys.path[:0] = [str(Path.cwd()), str(arguments.file.resolve().parent)]  # where a template's handlers are
    parameters = read_parameters(arguments.parameter)
    substitutions = read_parameters(arguments.substitution, "--substitution")
    machine = StateMachine(
        arguments.file,
        name=arguments.name,
        parameters=parameters,
        substitutions=substitutions,
        env_vars=arguments.env_vars,
    )
    with live_handlers() if arguments.live else nullcontext():
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
    parameters = read_parameters(arguments.parameter)
    definition = load_definition(arguments.file, name=arguments.name, parameters=parameters)
    coverage = read_coverage(arguments.coverage, definition.name) if arguments.coverage else None
    _write(render_graph(definition, coverage))
    return 0


def read_coverage(report: Path, machine: str | None) -> Coverage:
    """Return the coverage of a machine in a report.json, all of its executions together.

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
