"""Text that others wrote."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.text import plain, strip_ansi


@given(
    st.lists(
        st.sampled_from(["\x1b", "\x1b[31m", "\x1b]8;;http://x\x07", "\u202e", "\u200f", "\x9b", "\r", "\n"])
        | st.text(st.characters(), max_size=5)
    ).map("".join)
)
def test_plain__leaves_no_control_nor_bidirectional_character(text: str) -> None:
    left = plain(text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", left)
    assert plain(left) == left
    left.encode()


def test_plain__keeps_what_is_seen() -> None:
    text = "Größe: 3 ✓\n\tdone 日本 🎉 é"
    assert plain(text) == text
    assert plain("a\r\nb") == "a\nb"


@pytest.mark.parametrize("painted", ["\x1b[1;31mred\x1b[0m", "\x1b]0;title\x07red", "\x1b]8;;u\x1b\\red", "\x1bMred"])
def test_strip_ansi__takes_sequences_out(painted: str) -> None:
    assert strip_ansi(painted) == "red"
