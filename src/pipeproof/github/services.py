"""The service containers of a job: a container action reaches them by their names, which the workflow's file tells."""

import re
from collections.abc import Mapping
from pathlib import Path

from pipeproof.untrusted import read_text

_REFERENCE = re.compile(r"(?P<repository>[^/]+/[^/]+)/(?P<path>\.github/workflows/[^/@]+)@")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def read_services(environ: Mapping[str, str], workspace: Path) -> tuple[str, ...]:
    """Return the names of the job's service containers, as the workflow's file in the workspace has them.

    Nothing is given where that is not known: the file was not checked out, the job is of another repository's workflow.
    The code under test can change the file, so a name is worth no more than that it may be reached in this run.
    """
    reference = _REFERENCE.match(environ.get("GITHUB_WORKFLOW_REF", ""))
    if not reference or reference["repository"] != environ.get("GITHUB_REPOSITORY"):
        return ()
    import yaml

    try:
        workflow = yaml.safe_load(read_text(workspace / reference["path"], root=workspace, limit=1 << 20))
        services = workflow["jobs"][environ["GITHUB_JOB"]]["services"]
        return tuple(name for name in services if isinstance(name, str) and _NAME.fullmatch(name))
    except (OSError, LookupError, TypeError, ValueError, RecursionError, yaml.YAMLError):
        return ()
