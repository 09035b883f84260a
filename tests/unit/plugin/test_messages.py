"""What a failure's annotation says of its exception."""

from pathlib import Path
from typing import Any

import pytest

from pipeproof.plugin.events import _describe, _message_of


def with_notes(error: BaseException, *notes: Any) -> BaseException:
    for note in notes:
        error.add_note(note)
    return error


def test_message__has_the_notes_of_the_exception() -> None:
    assert _message_of(with_notes(ValueError("no rows"), "while loading orders.csv", "line 7")) == (
        "no rows\nwhile loading orders.csv\nline 7"
    )


def test_message__of_a_group_tells_each_exception_of_it() -> None:
    inner = ExceptionGroup("two", [KeyError("sku"), with_notes(OSError("gone"), "the mirror")])
    assert _message_of(ExceptionGroup("load", [ValueError("no rows"), inner])).splitlines() == [
        "load (2 sub-exceptions)",
        "- ValueError: no rows",
        "- ExceptionGroup: two (2 sub-exceptions)",
        "- KeyError: 'sku'",
        "- OSError: gone",
        "the mirror",
    ]


def test_message__of_a_file_that_pytest_cannot_import_is_what_the_import_raised() -> None:
    """pytest's own text begins with a hint, or with a line of its importer."""
    failed = pytest.Collector.CollectError("ImportError while importing test module")
    failed.__cause__ = ModuleNotFoundError("No module named 'shop'")
    described = _describe(failed, Path(), "")
    assert (described["type"], described["message"]) == ("ModuleNotFoundError", "No module named 'shop'")


def test_message__of_two_test_files_of_one_name_is_pytests() -> None:
    """What pytest raises there has the names alone."""
    failed = pytest.Collector.CollectError("import file mismatch: …")
    failed.__cause__ = ImportError("test_a", "a/test_a.py", "b/test_a.py")
    described = _describe(failed, Path(), "")
    assert (described["type"], described["message"]) == ("CollectError", "import file mismatch: …")


def test_message__survives_a_text_that_cannot_be_made() -> None:
    class Broken(Exception):  # noqa: N818 - its name stands in the expectation
        def __str__(self) -> str:
            raise RuntimeError

    assert _message_of(with_notes(Broken(), "a note")) == "<Broken whose str() raises RuntimeError>\na note"
