"""The state machines of a project: those of its templates, and definitions that no template names."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.errors import PipeproofError
from pipeproof.scaffold.literals import identifier
from pipeproof.scaffold.machines.rendering import MachineSource, render_machine
from pipeproof.scaffold.machines.search import EVENTS, execute, explore
from pipeproof.stepfunctions.definition.files import Machines, read_machines
from pipeproof.stepfunctions.definition.loading import load_definition
from pipeproof.stepfunctions.machine import StateMachine

_ACCOUNT = "arn:aws:lambda:us-east-1:123456789012:function"


@dataclass(frozen=True, slots=True)
class FoundMachine:
    """A machine to be tested: where it stands, and what it is called."""

    title: str
    source: MachineSource


def find_machines_of(project: Path, files: list[Path]) -> Iterator[FoundMachine]:
    """Yield the machines in some files of a project, each once.

    Args:
        project: The project's folder.
        files: Its JSON and YAML files.
    """
    named: set[Path] = set()
    alone = []
    for file in files:
        machines = _read(file)
        if machines is None:
            alone.append(file)
            continue
        several = len(machines.found) > 1
        for machine in machines.found:
            named |= {machine.document.file.resolve()} if machine.document.file else set()
            name = machine.logical_id if several else None
            enforced = machine.read_policy is not None and _has_policy(file, name)
            yield FoundMachine(
                machine.logical_id,
                MachineSource(file.relative_to(project), name, {}, enforced),
            )
    for file in alone:
        if file.resolve() not in named and _is_definition(file):
            source = MachineSource(file.relative_to(project), None, _stand_ins(file))
            yield FoundMachine(file.name.split(".")[0], source)


def write_machine_test(project: Path, found: FoundMachine) -> tuple[str, str]:
    """Return a machine's test file: its name and source.

    Raises:
        PipeproofError: The definition cannot be run, or no execution of it that ends was found.
    """
    source = found.source
    file = project / source.file

    def make(**options: Any) -> StateMachine:
        return StateMachine(
            file,
            name=source.name,
            substitutions=source.substitutions or None,
            role_policy=file if source.enforced else None,
            **options,
        )

    scenarios, missed = explore(make(event_limit=EVENTS))
    if not scenarios:
        raise PipeproofError(
            "no input was found with which an execution ends by its own states",
            hint="Write the first test by hand: docs/how-to/step-functions.md.",
        )
    # Once more, each on a machine of its own as in its test: the names of executions are part of what some states say.
    anew = [replace(scenario, execution=execute(make(), scenario)) for scenario in scenarios]
    return f"test_{identifier(found.title)}.py", render_machine(source, anew, missed)


def may_hold_machines(file: Path) -> bool:
    """Return whether a file speaks of state machines, without reading it as one."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return False
    return "StateMachine" in text or ("StartAt" in text and "States" in text)


def _read(file: Path) -> Machines | None:
    try:
        return read_machines(file)
    except PipeproofError:
        return None


def _has_policy(file: Path, name: str | None) -> bool:
    from pipeproof.stepfunctions.definition.loading import policy_of_machine

    try:
        return policy_of_machine(file, file, name, None) not in (None, file)
    except PipeproofError:
        return False


def _is_definition(file: Path) -> bool:
    try:
        text = file.read_text(encoding="utf-8-sig")
        if "StartAt" not in text or "States" not in text:
            return False
        load_definition(file)
    except (OSError, UnicodeDecodeError, PipeproofError):
        return ".asl." in file.name
    return True


def _stand_ins(file: Path) -> dict[str, str]:
    """Return a value for each `${Name}` of a definition that no template fills in."""
    text = file.read_text(encoding="utf-8-sig")
    try:
        unfilled = load_definition(file).unfilled
    except PipeproofError:
        unfilled = ()
    return {name: _stand_in(name, text) for name in unfilled}


def _stand_in(name: str, text: str) -> str:
    is_resource = re.search(rf'Resource"?\s*:\s*{re.escape(json.dumps("${" + name + "}"))}', text)
    return f"{_ACCOUNT}:{name}" if is_resource or name.lower().endswith("arn") else name.lower()
