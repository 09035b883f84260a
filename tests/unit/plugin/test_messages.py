"""What a failure's annotation says of its exception."""

from typing import Any

from pipeproof.plugin.events import _message_of


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


def test_message__survives_a_text_that_cannot_be_made() -> None:
    class Broken(Exception):  # noqa: N818 - its name stands in the expectation
        def __str__(self) -> str:
            raise RuntimeError

    assert _message_of(with_notes(Broken(), "a note")) == "<Broken whose str() raises RuntimeError>\na note"
