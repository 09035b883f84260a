"""SARIF 2.1.0 of a run's failures, a result a cause, for GitHub's code scanning.

Source: OASIS's SARIF 2.1.0 schema, and GitHub's "SARIF support for code scanning": a result needs a location in the
repository, and 5,000 of a run are shown.
"""

import hashlib
import json
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeproof.report.domain import domain_facts
from pipeproof.report.shortening import shorten
from pipeproof.results.causes import Cause, group_causes, words_of
from pipeproof.results.model import Failure, Run
from pipeproof.text import plain

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_MOST = 5_000
_MESSAGE = 2_000
_TESTS = 20


def render_sarif(run: Run, workspace: Path, newly_failing: Collection[str] = ()) -> str:
    """Render the failures that have a place, as results; those that have none, as notifications of the tool.

    A run without failures has no results, which is what closes the alerts of the run before.

    Args:
        run: The results.
        workspace: The folder that files are named from.
        newly_failing: Node ids of the tests that did not fail in the baseline.
    """
    causes = group_causes(run, newly_failing)
    placed = [cause for cause in causes if _has_place(cause.failure)][:_MOST]
    names = sorted({_rule(cause.failure) for cause in placed})
    rules = [{"id": name, "shortDescription": {"text": f"A test failed: {name}"}} for name in names]
    whole = [failure for failure in run.failures if not _has_place(failure)]
    whole += [cause.failure for cause in causes if not _has_place(cause.failure)]
    numbers = {name: number for number, name in enumerate(names)}
    # A text each: as objects, thousands of them would take as much memory as all else.
    results = [json.dumps(_of_run(failure)) for failure in run.failures if _has_place(failure)]
    results += [
        json.dumps(_result(cause, numbers[_rule(cause.failure)], workspace)) for cause in placed[: _MOST - len(results)]
    ]
    told = [{"level": "error", "message": {"text": _text(one)}} for one in whole[:_MOST]]
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "pipeproof run", "version": version("pipeproof"), "rules": rules}},
                "automationDetails": {"id": "pipeproof/tests/"},
                "invocations": [{"executionSuccessful": not whole, "toolExecutionNotifications": told}],
                "results": [],
            }
        ],
    }
    end = "]}]}"
    return json.dumps(log).removesuffix(end) + ",\n".join(results) + end


def _has_place(failure: Failure) -> bool:
    return bool(failure.file) and not str(failure.file).startswith("/")


def _rule(failure: Failure) -> str:
    return plain(failure.type)[:200] or "failed"


def _result(cause: Cause, rule: int, workspace: Path) -> dict[str, Any]:
    failure = cause.failure
    names = [result.id for result, _ in cause.members]
    shown = "\n".join(names[:_TESTS])
    more = f"\n… and {len(names) - _TESTS} more" if len(names) > _TESTS else ""
    facts = "".join(f"\n{fact}" for fact in domain_facts(cause.result, failure, workspace))
    text = f"{_text(failure)}{shorten(plain(facts), _MESSAGE)}\n\nin {plain(shown)}{more}"
    return {
        "ruleId": _rule(failure),
        "ruleIndex": rule,
        **_placed(failure, text),
        "partialFingerprints": {"pipeproof/v1": _fingerprint(failure.file, failure.type, words_of(failure), names[0])},
    }


def _of_run(failure: Failure) -> dict[str, Any]:
    print_ = _fingerprint(failure.file, failure.type, words_of(failure), "")
    return {"ruleId": "run", **_placed(failure, _text(failure)), "partialFingerprints": {"pipeproof/v1": print_}}


def _placed(failure: Failure, text: str) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": quote(str(failure.file), errors="replace"), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": max(failure.line or 1, 1)},
    }
    return {"level": "error", "message": {"text": text}, "locations": [{"physicalLocation": place}]}


def _fingerprint(*parts: str | None) -> str:
    """By this code scanning knows a failure again whose line has moved."""
    return hashlib.sha256("\0".join(part or "" for part in parts).encode("utf-8", "replace")).hexdigest()


def _text(failure: Failure) -> str:
    return (
        shorten(plain(f"{failure.headline}\n{failure.message}" if failure.type else failure.message), _MESSAGE)
        or "failed"
    )
