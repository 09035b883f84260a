"""Prints and raises what a runner, a terminal, a page or an XML parser could take for its own."""

import atexit
import os
import sys

import pytest

COMMANDS = (
    "::error file=README.md,line=1,title=forged::a forged error\n"
    "::add-mask::e\n"
    "  ::set-output name=conclusion::success\n"
    "::stop-commands::never\n"
    "##[error]forged ##[warning]forged\n"
    "text before ##[group]forged\n"
    "\r::warning::after a carriage return\n"
    "\x85::notice::after a next-line character\u2028::notice::after a line separator\n"
)
MARKUP = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> </details></table> <!-- \n"
    "``` \n~~~\n| a | b |\n|---|---|\n[click](javascript:alert(1)) ![](https://example.com/beacon.png)\n"
    "@everyone #1 **bold** `code` \\` &lt;b&gt; ]]> $(id) ${{ secrets.TOKEN }}\n"
)
TERMINAL = "\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07 \x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\ \x00 \x08\x08\x7f\n"
ALL = COMMANDS + MARKUP + TERMINAL


class Unprintable(Exception):
    """An error whose own text is an error."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class Unrepresentable:
    def __repr__(self):
        raise ValueError("no representation")


def test_prints_and_passes():
    print(ALL)
    print(ALL, file=sys.stderr)
    os.write(1, b"::error::bytes\n\xff\xfe\x00 not UTF-8 \xc3\x28\n##[error]bytes\n")
    os.write(2, b"::error::more bytes\n\xff\xfe\n::add-mask::a\n")
    atexit.register(os.write, 1, b"::error::after the end\n##[error]after the end \xff\n")


def test_prints_and_fails():
    print(ALL)
    print(ALL, file=sys.stderr)
    raise RuntimeError(ALL)  # <- call


@pytest.mark.parametrize("value", [COMMANDS, MARKUP, TERMINAL], ids=["::error::a,b%0A", "</details>|`x`", "\x1b[31m"])
def test_hostile_names(value):
    assert value == ""  # <- call x3


def test_half_a_character():
    raise RuntimeError("half a character: \ud83d, and a whole one: \U0001f9ea")  # <- call


def test_a_long_message():
    raise RuntimeError("x" * 100_000 + "\n" + "::error::y\n" * 10_000)  # <- call


def test_an_error_without_text():
    raise Unprintable  # <- call


def test_a_value_without_representation():
    value = Unrepresentable()
    assert value == 1  # <- call


def test_skips_with_markup():
    pytest.skip(MARKUP + COMMANDS)
