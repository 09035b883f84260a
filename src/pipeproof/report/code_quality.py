"""Code Quality: the failures as GitLab's merge requests show them, on the lines that they belong to.

Source: docs.gitlab.com, "Code Quality", "Code Quality report format".
"""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from pipeproof.report.shortening import shorten
from pipeproof.results.causes import group_causes, words_of
from pipeproof.results.model import Failure, Run
from pipeproof.text import plain

_MOST = 1_000
_DESCRIPTION = 2_000


def render_code_quality(run: Run, workspace: Path, newly_failing: Collection[str] = ()) -> str:
    """Render each cause of failures that has a place in the repository; a list without entries where there is none.

    Args:
        run: The results.
        workspace: The folder that files are named from; in messages it is left out.
        newly_failing: Node ids of the tests that did not fail in the baseline.
    """
    told = [(failure, "", False) for failure in run.failures]
    told += [(cause.failure, cause.result.id, cause.new) for cause in group_causes(run, newly_failing)]
    placed = [one for one in told if one[0].file and not one[0].file.startswith("/")]
    issues = [_issue(failure, test, workspace, new=new) for failure, test, new in placed[:_MOST]]
    return json.dumps(issues, indent=1)


def _issue(failure: Failure, test: str, workspace: Path, *, new: bool) -> dict[str, object]:
    words = f"{f'{test}: ' if test else ''}{failure.headline}".replace(f"{workspace.as_posix()}/", "")
    known_by = "\0".join((failure.file or "", failure.type, words_of(failure), test))
    return {
        "description": shorten(plain(words), _DESCRIPTION),
        "check_name": plain(failure.type)[:200] or "failed",
        "fingerprint": hashlib.sha256(known_by.encode("utf-8", "replace")).hexdigest(),
        "severity": "critical" if new else "major",
        "location": {"path": plain(failure.file or ""), "lines": {"begin": max(failure.line or 1, 1)}},
    }
