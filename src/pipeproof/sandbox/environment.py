"""The environment of the user's code: the workflow's own, less what would give it the action's powers."""

from collections.abc import Collection, Mapping
from pathlib import Path

from pipeproof.github.file_commands import FILE_COMMANDS
from pipeproof.variables import TO_BE_SET

_PREFIXES = ("ACTIONS_", "INPUT_", "PIPEPROOF_")
_PASSED_ON = frozenset(name for name, variable in TO_BE_SET.items() if variable.passed_on)
_AGENTS = frozenset({"BUILDKITE_AGENT_ACCESS_TOKEN", "BUILDKITE_AGENT_JOB_API_TOKEN"})
"""What speaks for a job of Buildkite's, and can ask for its identity."""
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


def environment_for_tests(
    environ: Mapping[str, str], *, home: Path | None = None, without: Collection[str] = ()
) -> dict[str, str]:
    """Give the environment that the install step and the tests start with.

    What the workflow's `env:` sets arrives, also those of pipeproof's variables that are the user's to set. What does
    not: the tokens to ask for identity and to reach the runner's services (`ACTIONS_*`, those of Buildkite's agent),
    the inputs (they may hold a token), the names of the file commands, and variables that make a loader run something
    (`LD_PRELOAD`, `PYTHONSTARTUP`, …).

    Args:
        environ: The supervisor's environment.
        home: A home folder of the tests' own, where they are to have one.
        without: More variables that hold what is not the tests': ID tokens of GitLab's.
    """
    held = {*without, *_AGENTS, *_LOADERS, *FILE_COMMANDS}
    kept = {
        name: value
        for name, value in environ.items()
        if (not name.startswith(_PREFIXES) or name in _PASSED_ON) and name not in held
    }
    if home is not None:
        kept["HOME"] = str(home)
        for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
            kept.pop(name, None)
    return kept
