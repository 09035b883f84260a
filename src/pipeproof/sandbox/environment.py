"""The environment of the user's code: the workflow's own, less what would give it the action's powers."""

from collections.abc import Mapping
from pathlib import Path

from pipeproof.github.file_commands import FILE_COMMANDS
from pipeproof.variables import TO_BE_SET

_PREFIXES = ("ACTIONS_", "INPUT_", "PIPEPROOF_")
_PASSED_ON = frozenset(name for name, variable in TO_BE_SET.items() if variable.passed_on)
_LOADERS = frozenset(
    {
        "BASH_ENV",
        "ENV",
        "LD_AUDIT",
        "LD_PRELOAD",
        "PYTHONHOME",
        "PYTHONINSPECT",
        "PYTHONSTARTUP",
        "PYTHONUSERBASE",
        "VIRTUAL_ENV",
    }
)


def environment_for_tests(environ: Mapping[str, str], *, home: Path | None = None) -> dict[str, str]:
    """Give the environment that the install step and the tests start with.

    What the workflow's `env:` sets arrives, also those of pipeproof's variables that are the user's to set. What does
    not: the tokens to ask for identity and to reach the runner's services (`ACTIONS_*`), the inputs (they may hold a
    token), the names of the file commands, and variables that make a loader run something (`LD_PRELOAD`,
    `PYTHONSTARTUP`, …).

    Args:
        environ: The supervisor's environment.
        home: A home folder of the tests' own, where they are to have one.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if (not name.startswith(_PREFIXES) or name in _PASSED_ON) and name not in _LOADERS and name not in FILE_COMMANDS
    }
    if home is not None:
        kept["HOME"] = str(home)
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            kept.pop(name, None)
    return kept
