"""The report's files, in `report-dir`."""

from pathlib import Path

JUNIT = "junit.xml"
CTRF = "report.json"
SUMMARY = "summary.md"
PAGE = "report.html"
AUDIT = "audit.jsonl"
STATEMENT = "test-result.intoto.json"
SARIF = "failures.sarif"
CODE_QUALITY = "gl-code-quality-report.json"
COBERTURA = "cobertura.xml"
SHARD = "shard.json"


def write_text(path: Path, *pieces: str) -> None:
    """Write a text, whole or in pieces, into an existing folder of the supervisor's.

    Raises:
        OSError: where it cannot be written.
    """
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.writelines(pieces)
