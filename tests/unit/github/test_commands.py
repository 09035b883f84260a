"""Workflow commands, read back by a second reading of the runner's rules."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from pipeproof.github.commands import neutralize, render_command
from pipeproof.text import split_lines

PARTS = [
    "::",
    ":",
    "##[",
    "#",
    "[",
    "]",
    "error",
    "::error::",
    "add-mask",
    "\0",
    "\t",
    " ",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "\r",
    "\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x85",
    "\u2028",
    "\x1b[31m",
    "%0A",
    "x",
]
HOSTILE = st.lists(st.sampled_from(PARTS) | st.text(max_size=3), max_size=12).map("".join)
# What .NET's String.Trim takes off, in any of its versions (char.IsWhiteSpace, and U+200B and U+FEFF of old).
TRIMMED = "\t\n\x0b\x0c\r \x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u200b\ufeff"  # noqa: E501


def is_command(line: str) -> bool:
    """actions/runner, ActionCommand.TryParseV2 and TryParse: without looking for a known name, so stricter."""
    return line.strip(TRIMMED).startswith("::") or "##[" in line


@given(HOSTILE)
@example("\0::error::")
@example("#\0#[error]")
@example("###[error]")
@example(" \u200b::error::x")
@example(":::::error::x")
def test_neutralize__leaves_no_command_however_lines_are_split(text: str) -> None:
    for splitting in ("\n", "\r\n|\n|\r", "[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]"):
        for written in map(neutralize, split_lines(text)):
            assert not any(is_command(line) for line in re.split(splitting, written))
            assert not any(is_command(line.replace("\0", "")) for line in re.split(splitting, written))


@given(st.text())
def test_neutralize__changes_nothing_that_is_seen(text: str) -> None:
    unseen = str.maketrans("", "", "\u200b\0")
    assert neutralize(text).translate(unseen) == text.translate(unseen)


def test_neutralize__is_linear_in_blanks() -> None:
    assert neutralize("\t \x1f" * 100_000 + "x").endswith("x")


def read_command(line: str) -> tuple[str, dict[str, str], str]:
    """actions/runner, ActionCommand.TryParseV2: the end of the properties is the next `::`."""
    assert "\n" not in line
    assert "\r" not in line
    head, _, data = line.removeprefix("::").partition("::")
    name, _, written = head.partition(" ")
    properties = dict(pair.split("=", 1) for pair in written.split(",") if "=" in pair)

    def unescape(text: str, codes: dict[str, str]) -> str:
        return re.sub("|".join(codes), lambda match: codes[match[0]], text)

    data_codes = {"%0D": "\r", "%0A": "\n", "%25": "%"}
    property_codes = data_codes | {"%3A": ":", "%2C": ","}
    return name, {key: unescape(value, property_codes) for key, value in properties.items()}, unescape(data, data_codes)


@given(st.text(), st.text(), st.text(), st.integers(1))
def test_render_command__is_read_as_it_was_meant(message: str, title: str, file: str, line: int) -> None:
    rendered = render_command("error", message, file=file, line=line, title=title, col=None)
    expected = {"file": file, "line": str(line), "title": title}
    assert read_command(rendered) == ("error", {key: value for key, value in expected.items() if value}, message)


def test_render_command__without_properties() -> None:
    assert render_command("endgroup") == "::endgroup::"
    assert render_command("group", "a b") == "::group::a b"
