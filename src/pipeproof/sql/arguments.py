"""Arguments that have to be literals: formats of time, regular expressions, and what replaces their matches."""

import re
from typing import Any

from pipeproof.sql.rewriting import Context, named

_DIRECTIVES = re.compile(r"(?:[^%]|%-?[YymdHMSjbBaAIpf]|%%)*")
_NO_GROUPS_LEFT_OUT = re.compile(r"\)[?*{]|\|")
_OTHER_REGEX = re.compile(r"\(\?[=!<>]|\\[1-9]|[*+?}]\+|&&")


def literal(node: Any, context: Context, what: str) -> str:
    """Return the text of an argument that has to be a literal."""
    from sqlglot import exp

    if not isinstance(node, exp.Literal):
        context.refuse(node, what, "it has to be a literal here")
    return str(node.name)


def time_format(node: Any, context: Context) -> Any:
    """Return a format of strftime's, which sqlglot made of the dialect's own; only what DuckDB reads alike."""
    text = literal(node.args["format"], context, f"the format of {named(node)}")
    if not _DIRECTIVES.fullmatch(text):
        context.refuse(node, f"the format {text!r} of {named(node)}")
    return node.args["format"]


def pattern(node: Any, context: Context) -> str:
    """Return a regular expression that RE2 and the service read alike."""
    text = literal(node, context, "a regular expression")
    if _OTHER_REGEX.search(text):
        context.refuse(node, f"the regular expression {text!r}", "DuckDB's engine (RE2) has no such construct")
    return text


def group_number(node: Any, text: str, context: Context) -> int:
    """The group of a regular expression that is asked for; one that may be left out is not told from an empty one."""
    number = int(literal(node, context, "the group of a regular expression")) if node is not None else 0
    if number and _NO_GROUPS_LEFT_OUT.search(text):
        context.refuse(node, f"group {number} of {text!r}", "a group that takes no part is not told from an empty one")
    return number


def replacement(node: Any, context: Context) -> Any:
    """Return a replacement with the service's `$1` in DuckDB's `\\1`."""
    from sqlglot import exp

    text = literal(node, context, "the replacement of regexp_replace")
    parts = re.findall(r"\\.|\$\d(?!\d)|[^\\$]", text, re.DOTALL)
    if "".join(parts) != text or (context.service != "athena" and "\\" in text):
        context.refuse(node, f"the replacement {text!r} of regexp_replace")
    of_duck = (f"\\{part[1]}" if part[0] == "$" else part[-1].replace("\\", "\\\\") for part in parts)
    return exp.Literal.string("".join(of_duck))
