"""The context of a run on GitHub, as the runner tells it in the environment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeproof.untrusted import read_file


@dataclass(frozen=True, slots=True)
class Context:
    """Where, for whom and on what a workflow step runs.

    The names are those of GitHub's default environment variables, without their prefix.
    """

    workspace: Path
    repository: str
    sha: str
    ref: str
    event_name: str
    workflow: str
    job: str
    run_id: str
    run_attempt: str
    server_url: str
    api_url: str
    event_path: Path | None

    @property
    def run_url(self) -> str:
        """The address of this run's page."""
        return f"{self.server_url}/{self.repository}/actions/runs/{self.run_id}/attempts/{self.run_attempt}"

    def link_to(self, file: str, line: int | None = None) -> str:
        """Give the address of a line of the commit under test."""
        anchor = f"#L{line}" if line else ""
        return f"{self.server_url}/{self.repository}/blob/{self.sha}/{_quote(file)}{anchor}"


def read_context(environ: Mapping[str, str], default_workspace: Path) -> Context | None:
    """Read the context; `None` where this is no run on GitHub."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    event = environ.get("GITHUB_EVENT_PATH")
    return Context(
        workspace=Path(environ.get("GITHUB_WORKSPACE") or default_workspace),
        repository=environ.get("GITHUB_REPOSITORY", ""),
        sha=environ.get("GITHUB_SHA", ""),
        ref=environ.get("GITHUB_REF", ""),
        event_name=environ.get("GITHUB_EVENT_NAME", ""),
        workflow=environ.get("GITHUB_WORKFLOW", ""),
        job=environ.get("GITHUB_JOB", ""),
        run_id=environ.get("GITHUB_RUN_ID", ""),
        run_attempt=environ.get("GITHUB_RUN_ATTEMPT", "1"),
        server_url=environ.get("GITHUB_SERVER_URL", "https://github.com"),
        api_url=environ.get("GITHUB_API_URL", "https://api.github.com"),
        event_path=Path(event) if event else None,
    )


def read_event(context: Context) -> dict[str, Any]:
    """Read the event that started the run; empty where there is none or it is no JSON."""
    if context.event_path is None:
        return {}
    try:
        event = json.loads(read_file(context.event_path))
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _quote(path: str) -> str:
    from urllib.parse import quote

    return quote(path, errors="replace")
