"""Findings as SARIF 2.1.0, the format that GitHub's code scanning takes.

Source: OASIS's SARIF 2.1.0 schema, and GitHub's "SARIF support for code scanning".
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipeproof.stepfunctions.definition.source import Document
from pipeproof.stepfunctions.definition.validation import Finding
from pipeproof.stepfunctions.definition.validation.findings import CODES

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HELP = "See the codes of `pipeproof states check` in pipeproof's reference of Step Functions."


def render_sarif(findings: Iterable[tuple[Document, Finding]], version: str, root: Path) -> str:
    """Return a SARIF log of one run.

    Args:
        findings: The findings.
        version: The tool's version.
        root: Paths are relative to this folder where they are in it, as code scanning wants them.
    """
    listed = list(findings)
    codes = sorted({finding.code for _, finding in listed})
    rules = [
        {
            "id": code,
            "shortDescription": {"text": CODES[code]},
            "help": {"text": _HELP},
            "defaultConfiguration": {"level": "error"},
        }
        for code in codes
    ]
    driver = {"name": "pipeproof", "version": version, "rules": rules}
    results = [_result(document, finding, codes.index(finding.code), root) for document, finding in listed]
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=2)


def _result(document: Document, finding: Finding, rule: int, root: Path) -> dict[str, Any]:
    location = document.locate(finding.position)
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": finding.message},
        "locations": [],
    }
    if location is None:
        return result
    uri = _uri(location.file, root)
    region: dict[str, int] = {"startLine": max(location.line, 1)}
    if location.column:
        region["startColumn"] = location.column
    result["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}]
    # Of a finding on a line that moves, code scanning knows by this that it is the same one.
    print_ = hashlib.sha256("\0".join((finding.code, uri, finding.pointer, finding.message)).encode()).hexdigest()
    result["partialFingerprints"] = {"pipeproof/v1": print_}
    return result


def _uri(file: Path, root: Path) -> str:
    absolute = file.absolute()
    return quote(absolute.relative_to(root).as_posix()) if absolute.is_relative_to(root) else absolute.as_uri()
