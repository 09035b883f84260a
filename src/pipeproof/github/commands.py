"""Workflow commands: writing them so that data stays data, and making those that others print harmless.

The rules are the runner's (actions/runner, `ActionCommand.cs`): a line whose trimmed start is `::` is a command, and so
is one that has `##[` anywhere. Data escapes `%`, CR and LF; a property also `:` and `,`.
"""

import re

_COMMAND_START = re.compile(r"^((?:\s|[\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff])*):(?=:)")
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


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
