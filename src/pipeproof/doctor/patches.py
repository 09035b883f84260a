"""What pipeproof replaces inside of other libraries, and whether these are as it counts on.

Each library has to be imported for that, which takes seconds: each is looked at in a process of its own, all at once.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pipeproof.doctor.finding import Finding
from pipeproof.patching import Changed, Hook, Library

_LISTS = {
    "Prefect": ("prefect", "pipeproof.environments.prefect.internals.touched"),
    "dbt": ("dbt", "pipeproof.environments.dbt.in_process.touched"),
    "botocore and moto": ("moto", "pipeproof.environments.aws.touched"),
    "pytest": ("pytest", "pipeproof.plugin.touched"),
    "sqlglot": ("sqlglot", "pipeproof.sql.touched"),
}
_LOOK = "import sys; from pipeproof.doctor.patches import print_gates; print_gates(sys.argv[1])"


class Looking:
    """Processes that look at the libraries, started at once and asked later."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.processes = {
            name: subprocess.Popen(
                [sys.executable, "-c", _LOOK, listed], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for name, (module, listed) in _LISTS.items()
            if find_spec(module) is not None
        }

    def findings(self, patience: float) -> Iterator[Finding]:
        """Yield what they found, as far as they are done.

        Args:
            patience: Seconds since the start after which nobody is waited for.
        """
        for name, process in self.processes.items():
            try:
                left = max(0.05, patience - (time.monotonic() - self.started))
                said, wrong = process.communicate(timeout=left)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                yield Finding(
                    "patches", "note", f"{name}: to import it takes longer than {patience:g} s", "Give --wait 30."
                )
                continue
            if process.returncode:
                reason = (wrong.strip().splitlines() or ["it said nothing"])[-1]
                yield Finding("patches", "fault", f"{name} cannot be imported: {reason}", "Install it anew.")
            else:
                yield from _judge(name, json.loads(said))


def _judge(name: str, gates: list[dict[str, Any]]) -> Iterator[Finding]:
    off = [gate for gate in gates if not gate["wanted"]]
    changed = [gate for gate in gates if gate["changed"] and gate["wanted"]]
    beside = f", {len(off)} are off" if off else ""
    intact = len(gates) - len(off) - len(changed)
    yield Finding("patches", "ok", f"{name}: {intact} of {len(gates)} places are as pipeproof counts on{beside}")
    for gate in changed:
        advice = f"Install a version that pipeproof was run with; {gate['library']} {gate['installed']} is there."
        yield Finding("patches", "fault", f"{name}: {gate['changed']}: {gate['without']}", advice)


def print_gates(listed: str) -> None:
    """Print, as JSON, how each hook of a library's list is; called in a process of its own."""
    found: dict[int, Hook] = {}
    for value in vars(import_module(listed)).values():
        for hook in value.hooks if isinstance(value, Library) else [value] if isinstance(value, Hook) else ():
            found[id(hook)] = hook
    print(json.dumps([_describe(hook) for hook in found.values() if _is_there(hook)]))


def _is_there(hook: Hook) -> bool:
    return find_spec(hook.names[0].place.split(":")[0].split(".")[0]) is not None if hook.names else True


def _describe(hook: Hook) -> dict[str, Any]:
    changed = None
    if hook.wanted:
        try:
            hook.check()
        except Changed as error:
            changed = str(error)
    library = hook.library
    return {
        "library": library.distribution,
        "installed": library.installed,
        "without": hook.without,
        "wanted": hook.wanted,
        "changed": changed,
    }
