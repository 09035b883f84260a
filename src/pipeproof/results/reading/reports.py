"""Reports of any origin, one or many: which files they are, in which format, and their tests one after the other."""

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeproof.errors import InputError
from pipeproof.results.model import Failure, TestResult
from pipeproof.results.reading.ctrf import read_ctrf
from pipeproof.results.reading.junit import read_junit
from pipeproof.results.reading.sources import Sources

_BLANKS = b" \t\r\n\0"
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OTHERS = ("coverage", "cobertura", "jacoco")
"""What the names of XML files begin with that lie in folders of reports and are none."""
_CTRF = re.compile(rb"""\s*\{\s*("results"\s*:\s*\{|[^{}]*"reportFormat"\s*:\s*"CTRF")""")
"""How a document of CTRF begins: since version 0.0.0 of its schema with its format, before that with its results."""
_OWN = ("failures.sarif", "junit.xml")
"""What pipeproof writes beside a `report.json`, whose tests are those of the `junit.xml`."""


def find_reports(paths: Iterable[Path]) -> list[Path]:
    """Return the files that paths mean; of a folder all `.xml` files in it, and where there are none the `.json` files.

    Raises:
        InputError: A path means none, or a folder has JUnit XML and CTRF, which may be the same tests.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            files = [file for file in sorted(path.rglob("*.xml")) if not file.name.lower().startswith(_OTHERS)]
            others = sorted(path.rglob("*.json"))
            if files and (left := next(filter(_is_ctrf_of_others, others), None)):
                raise InputError(
                    f"{path} holds JUnit XML ({files[0]}) and CTRF ({left})",
                    hint="Are they the same tests or others? Name the files that count, each test's once.",
                )
            files = files or others
        else:
            files = [path] if path.exists() else []
        if not files:
            what = "a folder without a report" if path.is_dir() else "no file"
            raise InputError(f"{path} is {what}", hint="Name JUnit XML or CTRF files, or folders of them.")
        found.update(dict.fromkeys(files))
    return list(found)


def read_reports(files: Iterable[Path], sources: Sources) -> Iterator[TestResult | Failure]:
    """Read the tests of reports, JUnit XML or CTRF, one after the other.

    Args:
        files: The reports.
        sources: Those of the workspace, in which the places of failures are found.

    Raises:
        InputError: One is broken, is none or cannot be read; it says which, and where.
    """
    for file in files:
        try:
            read = read_junit if is_junit(file) else read_ctrf
            yield from read(file, sources)
        except OSError as error:
            raise InputError(f"{file} cannot be read: {error.strerror or error}") from None


def _is_ctrf_of_others(path: Path) -> bool:
    """Return whether a `.json` file is CTRF that pipeproof did not write beside a `junit.xml` of the same tests."""
    if path.name == "report.json" and all((path.parent / name).is_file() for name in _OWN):
        return False
    try:
        with path.open("rb") as file:
            return _CTRF.match(file.read(1024)) is not None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None


def is_junit(path: Path) -> bool:
    """Return whether a file is to be read as JUnit: it does not begin as an object of JSON does.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(1024)
    for mark in _MARKS:
        data = data.removeprefix(mark)
    return data.lstrip(_BLANKS)[:1] != b"{"
