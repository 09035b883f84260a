"""The artifacts of earlier runs of a workflow: which runs count, and the files of a name in what they left."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from pipeproof.github.api import Api

_RUNS = 20
"""How many runs are looked through."""
_LARGEST_ARTIFACT = 256 * 1024 * 1024
_LARGEST_FILE = 1 << 30
"""Bytes of an artifact that is downloaded, and of a file that is unpacked."""


def find_runs(api: Api, run_id: str, branch: str | None) -> Iterator[Mapping[str, Any]]:
    """Give the completed runs of this run's workflow on a branch, the newest first.

    Those of pull requests do not count, whatever their branch is called: a fork's may be called `main` too.

    Args:
        api: GitHub's.
        run_id: This run.
        branch: The branch; None for that of this run.

    Raises:
        ApiError: They are not to be had.
    """
    own = api.get(f"actions/runs/{run_id}")
    query = {"branch": branch or str(own["head_branch"]), "status": "completed"}
    runs = api.get_all(f"actions/workflows/{own['workflow_id']}/runs", "workflow_runs", query)
    yield from islice((run for run in runs if _counts(run, api.repository, run_id)), _RUNS)


def _counts(run: Mapping[str, Any], repository: str, own: str) -> bool:
    home = run.get("head_repository") or {}
    return (
        str(run["id"]) != own
        and not str(run.get("event")).startswith("pull_request")
        and home.get("full_name") == repository
        and run.get("conclusion") != "cancelled"
    )


def read_artifacts(api: Api, run_id: int, pattern: str, name: str) -> Iterator[bytes]:
    """Give the files of a name in a run's artifacts.

    Args:
        api: GitHub's.
        run_id: The run.
        pattern: Which artifacts: a name with `*` and `?`.
        name: The file's name, in whatever folder it lies.

    Raises:
        ApiError: They are not to be had.
    """
    for artifact in api.get_all(f"actions/runs/{run_id}/artifacts", "artifacts"):
        fits = fnmatchcase(str(artifact["name"]), pattern)
        if fits and not artifact["expired"] and artifact["size_in_bytes"] <= _LARGEST_ARTIFACT:
            yield from _unpack(api.download(f"actions/artifacts/{artifact['id']}/zip"), name)


def _unpack(data: bytes, name: str) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if PurePosixPath(member.filename).name == name and member.file_size <= _LARGEST_FILE:
                    with archive.open(member) as file:
                        yield file.read(_LARGEST_FILE)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError):
        return
