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


def write_text(path: Path, text: str) -> None:
    """Write a text into an existing folder of the supervisor's.

    Raises:
        OSError: where it cannot be written.
    """
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
