"""Workflow commands: writing them so that data stays data, and making those that others print harmless.

The rules are the runner's (actions/runner, `ActionCommand.cs`): a line whose trimmed start is `::` is a command, and so
is one that has `##[` anywhere. Data escapes `%`, CR and LF; a property also `:` and `,`.
"""

import re
import unicodedata

_LINE_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_COMMAND_START = re.compile(r"^((?:\s|[\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff])*):(?=:)")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_BREAKER = "\u200b"
"""A zero-width space: it breaks a command up for the runner, and a reader does not see it."""


def render_command(name: str, message: str = "", /, **properties: str | int | None) -> str:
    """Render one workflow command as a line, without its line break.

    Args:
        name: `error`, `group`, `add-mask`, …
        message: Any text.
        properties: `file`, `line`, `title`, …; `None` and empty ones are left out.
    """
    written = ",".join(
        f"{key.replace('_', '')}={_escape_property(str(value))}"
        for key, value in properties.items()
        if value is not None and value != ""
    )
    return f"::{name}{' ' if written else ''}{written}::{_escape_data(message)}"


def neutralize(text: str) -> str:
    """Make one line harmless that the user's code printed: what would be a command is shown and not carried out."""
    line = text.replace("\x00", "").replace("##[", f"#{_BREAKER}#[")
    return _COMMAND_START.sub(rf"\1:{_BREAKER}", line)


def split_lines(text: str) -> list[str]:
    """Split a text wherever the runner, or anything between it and us, could see a line end."""
    return _LINE_BREAKS.split(text)


def plain(text: str) -> str:
    """Take escape sequences and control characters out of a text; line breaks and tabs stay.

    Characters that only change how their neighbours are drawn (bidirectional overrides and their like, Unicode's `Cf`)
    go as well: with them a message can be made to read as another.
    """
    without = strip_ansi(text.replace("\r\n", "\n"))
    # Judged once for each kind of character: texts are long and made of few.
    unseen = (c for c in set(without) - {"\n", "\t"} if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co"))
    return without.translate(dict.fromkeys(map(ord, unseen)))


def strip_ansi(text: str) -> str:
    """Take terminals' escape sequences out of a text."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
