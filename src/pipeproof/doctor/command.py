"""`pipeproof doctor`: looks at everything, says it, and what to do."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipeproof import environ
from pipeproof.doctor.finding import Finding
from pipeproof.github.commands import neutralize

_MARKS = {"ok": "✓", "note": "·", "fault": "✗"}
_PATIENCE = 2.5


def add_doctor_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand `doctor`; its `command` takes the parsed arguments and gives the exit code."""
    parser = commands.add_parser(
        "doctor",
        help="say what of this machine and job a run depends on, and what to do",
        description="Look at versions, what is replaced in other libraries, the job's rights, network, folders, "
        "variables and the project's requirements. Exit code 1 where something will not do.",
        allow_abbrev=False,
    )
    parser.set_defaults(command=_run)
    parser.add_argument(
        "--directory", type=Path, default=Path(), metavar="DIR", help="the project (default: this folder)"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--wait", type=float, default=_PATIENCE, metavar="SECONDS", help="how long the import of a library may take"
    )


def _run(options: argparse.Namespace, pytest_args: Sequence[str]) -> int:  # noqa: ARG001 - as each command
    found = examine(options.directory.resolve(), options.wait)
    if options.json:
        print(json.dumps([asdict(finding) for finding in found], indent=2))
    else:
        print("\n".join(map(neutralize, _lines(found))))
    return 1 if any(finding.level == "fault" for finding in found) else 0


def examine(folder: Path, patience: float = _PATIENCE) -> list[Finding]:
    """Return everything that was looked at, in the order in which it is told."""
    from pipeproof.doctor import surroundings
    from pipeproof.doctor.patches import Looking
    from pipeproof.doctor.versions import look_at_versions

    looking = Looking()
    return [
        *look_at_versions(),
        *surroundings.look_at_project(folder),
        *surroundings.look_at_workflow(environ.everything(), folder),
        *surroundings.look_at_network(environ.everything()),
        *surroundings.look_at_folders(environ.everything()),
        *surroundings.look_at_variables(environ.everything()),
        *looking.findings(patience),
    ]


def _lines(found: list[Finding]) -> list[str]:
    lines: list[str] = []
    for area in dict.fromkeys(finding.area for finding in found):
        lines.append(area)
        for finding in (each for each in found if each.area == area):
            lines.append(f"  {_MARKS[finding.level]} {' '.join(finding.text.split())}")
            lines += [f"      {finding.advice}"] if finding.advice else []
    faults = sum(finding.level == "fault" for finding in found)
    return [*lines, f"{faults} fault{'' if faults == 1 else 's'}" if faults else "nothing is wrong"]
