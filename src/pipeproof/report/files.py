"""The report's files, in `report-dir`."""

from pathlib import Path

from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.junit import write_junit
from pipeproof.results.model import Run

JUNIT = "junit.xml"
CTRF = "report.json"
SUMMARY = "summary.md"
AUDIT = "audit.jsonl"
STATEMENT = "test-result.intoto.json"
SARIF = "failures.sarif"
COBERTURA = "cobertura.xml"


def write_files(run: Run, summary: str, folder: Path, title: str) -> None:
    """Write a run's JUnit XML, CTRF and summary into an existing folder.

    Raises:
        OSError: where a file cannot be written.
    """
    (folder / SUMMARY).write_text(summary, encoding="utf-8", errors="replace")
    write_ctrf(run, folder / CTRF, title)
    write_junit(run, folder / JUNIT, title)


def write_text(path: Path, text: str) -> None:
    """Write a text into an existing folder of the supervisor's.

    Raises:
        OSError: where it cannot be written.
    """
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
