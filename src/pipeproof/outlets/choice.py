"""The choice of what a run speaks through, by the variables that each CI sets."""

from collections.abc import Mapping
from pathlib import Path

from pipeproof.outlets.buildkite import Buildkite
from pipeproof.outlets.gitlab import GitLab
from pipeproof.outlets.outlet import Outlet
from pipeproof.outlets.terminal import Terminal
from pipeproof.outlets.workflow import Workflow


def choose_outlet(environ: Mapping[str, str], workspace: Path, commands: Mapping[str, Path] | None) -> Outlet:
    """Return the outlet: GitHub's workflow, GitLab's or Buildkite's log, or a terminal, which is also a plain log.

    Args:
        environ: The process's environment.
        workspace: The folder that files are named from.
        commands: The files of GitHub's commands; `None` where this is no run of GitHub's.
    """
    if commands is not None:
        return Workflow(commands)
    if environ.get("GITLAB_CI") == "true":
        return GitLab(workspace, environ=environ)
    if environ.get("BUILDKITE") == "true":
        return Buildkite(workspace, environ=environ)
    return Terminal(workspace, environ=environ)
