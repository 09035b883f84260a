"""`pipeproof init`: write a workflow and first tests for what is in a project; overwrite nothing."""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeproof.errors import InputError
from pipeproof.scaffold.plan import Left, NewFile, make_plan
from pipeproof.scaffold.project import look_at


def add_init_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand `init`; its `command` takes the parsed arguments and gives the exit code."""
    parser = commands.add_parser(
        "init",
        help="write a workflow and a first test of each flow, dbt model and state machine",
        description="Look at a project, and write a workflow and first tests of what is in it. Models and state "
        "machines are run with made-up data, and flows with stand-ins for what their tasks do outside of the process. "
        "What comes out is what the tests expect, marked `# review`. Nothing that is there is overwritten.",
        allow_abbrev=False,
    )
    parser.set_defaults(command=_run)
    parser.add_argument(
        "--directory", type=Path, default=Path(), metavar="DIR", help="the project (default: this folder)"
    )
    parser.add_argument("--dry-run", action="store_true", help="print the files, write nothing")
    parser.add_argument("--json", action="store_true", help="say what was done as JSON")


def _run(options: argparse.Namespace, pytest_args: Sequence[str]) -> int:  # noqa: ARG001 - as each command
    folder = options.directory.resolve()
    if not folder.is_dir():
        raise InputError(f"{options.directory} is no folder", hint="Give the project's folder with --directory.")
    project = look_at(folder)
    found = list(make_plan(project))
    files = [each for each in found if isinstance(each, NewFile)]
    left = [each for each in found if isinstance(each, Left)]
    existing = [file for file in files if file.path.exists()]
    new = [file for file in files if file not in existing]
    if not options.dry_run:
        for file in new:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            with file.path.open("x", encoding="utf-8") as stream:
                stream.write(file.text)
    if options.json:
        print(json.dumps(_describe(folder, project.requirements, new, existing, left), indent=2))
    else:
        print("\n".join(_tell(folder, new, existing, left, dry=options.dry_run)))
    return 0 if files else 1


def _describe(
    folder: Path, requirements: str | None, new: list[NewFile], existing: list[NewFile], left: list[Left]
) -> dict[str, Any]:
    return {
        "directory": str(folder),
        "requirements": requirements,
        "files": [{"path": _name(folder, file), "what": file.what, "text": file.text} for file in new],
        "existing": [{"path": _name(folder, file), "what": file.what} for file in existing],
        "left": [{"what": each.what, "reason": each.reason} for each in left],
    }


def _tell(folder: Path, new: list[NewFile], existing: list[NewFile], left: list[Left], *, dry: bool) -> list[str]:
    lines = []
    for file in new:
        lines.append(f"{'would write' if dry else 'wrote'} {_name(folder, file)}: {file.what}")
        lines += ["", *(f"    {line}".rstrip() for line in file.text.splitlines()), ""] if dry else []
    lines += [f"exists, and stays as it is: {_name(folder, file)}" for file in existing]
    lines += [f"no test of {each.what}: {each.reason}" for each in left]
    if not (new or existing or left):
        lines.append("there is no Prefect flow, dbt project or state machine here")
    if new and not dry:
        lines.append("Look through what is marked `# review`, then: pipeproof run")
    return lines


def _name(folder: Path, file: NewFile) -> str:
    return Path(os.path.relpath(file.path, folder)).as_posix()
