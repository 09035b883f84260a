"""What SQL would write: the names after `create table`, `insert into`, `drop schema` and their like.

Not a parser. A text is split into tokens, and these into statements; what a statement begins with says how it is read.
Inside of a statement others can begin: behind a common table expression, `explain`, `as`, in a block. What begins
with no word that is known counts as a write: a statement that nobody thought of is refused rather than let through.
"""

import re
from collections.abc import Iterator

from pipeproof.environments.dbt.guard import words
from pipeproof.environments.dbt.guard.names import Write, text_at
from pipeproof.environments.dbt.guard.statements import READERS, read_insert_all, read_unknown
from pipeproof.environments.dbt.guard.tokens import Kind, Token, read_sql

__all__ = ["DYNAMIC", "Write", "find_fixed_writes", "find_writes"]

DYNAMIC = "__jinja__"
"""What stands for a Jinja expression in a name that is looked at before it is rendered."""

_JINJA = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_JINJA_SILENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)

_INSIDE = ("create", "drop", "alter", "insert", "update", "delete", "merge", "truncate")
"""What can begin behind a parenthesis, `as` or `explain`."""

_INSERTS = {"into", "overwrite", "or", "ignore", "all", "first"}


def find_writes(sql: str, *, script: bool = False) -> list[Write]:
    """Return what the statements of `sql` would write, in their order.

    Args:
        sql: The statements.
        script: Whether it is the text of a block, or of a template, whose statements may begin with anything.
    """
    found: dict[Write, None] = {}
    for number, tokens in enumerate(read_sql(sql)):
        for write in _read_text(tokens, script=script or number > 0):  # read the wrong way a text is full of nonsense
            found |= {write: None} if write.name or number == 0 else {}
    return list(found)


def find_fixed_writes(template: str) -> list[Write]:
    """The writes in SQL with Jinja whose schema is written out, so that it is known before anything is rendered."""
    fixed = []
    for write in find_writes(_leave_out_jinja(template), script=True):
        if write.kind in {words.UNKNOWN, words.FILE, words.SERVER}:
            continue
        schema = write.name[-1:] if write.kind == words.SCHEMA else write.name[-2:-1]
        if schema and DYNAMIC not in schema[0] and not write.temporary:
            fixed.append(write)
    return fixed


def find_fixed_files(template: str) -> list[Write]:
    """The files that SQL with Jinja writes and whose names are written out."""
    found = find_writes(_leave_out_jinja(template), script=True)
    return [write for write in found if write.kind == words.FILE and write.name and DYNAMIC not in write.name[0]]


def _leave_out_jinja(template: str) -> str:
    return _JINJA.sub(DYNAMIC, _JINJA_SILENT.sub(" ", template))


def _read_text(tokens: list[Token], *, script: bool) -> Iterator[Write]:
    for statement in _split(tokens):
        first = statement[0].word
        script = script or first in words.SCRIPTS
        script = script or (first == "begin" and _opens_block(statement))
        for write in _read_statement(statement):
            unfit = write.kind == words.UNKNOWN or (write.verb == "select" and len(write.name) == 1)
            if not (script and unfit):
                yield write


def _split(tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield the statements of a text, without parentheses before them."""
    statement: list[Token] = []
    for token in [*tokens, Token(";", Kind.OTHER)]:
        if token.kind is Kind.OTHER and token.text == ";":
            if statement:
                yield statement
            statement = []
        elif statement or token.kind is not Kind.OTHER or token.text not in {"(", ")"}:
            statement.append(token)


def _opens_block(statement: list[Token]) -> bool:
    return len(statement) > 1 and statement[1].word not in words.TRANSACTION


def _read_statement(statement: list[Token]) -> Iterator[Write]:
    first = statement[0].word
    reader = READERS.get(first)
    if reader is not None:
        yield from reader(statement)
    elif first not in words.HARMLESS:
        yield from read_unknown(statement)
    if first not in {"copy", "import", "fetch"}:
        yield from read_insert_all(statement)
    yield from _read_settings(statement)
    for at in range(1, len(statement)):
        if _begins_inside(statement, at):
            reader = READERS[statement[at].word]
            yield from (write for write in reader(statement[at:]) if write.name and write.kind != words.UNKNOWN)
    yield from _read_strings(statement)


def _begins_inside(statement: list[Token], at: int) -> bool:
    """Return whether another statement begins at a place inside of one."""
    word, before = statement[at].word, text_at(statement, at - 1)
    if word not in READERS or (word == "insert" and text_at(statement, at + 1) not in _INSERTS):
        return False
    if word == "delete" and text_at(statement, at + 1) != "from":
        return False
    if before in {"(", ")", "as", "explain", "analyze", "verbose"}:
        return word in _INSIDE
    return before in words.SUBSTATEMENTS


def _read_settings(statement: list[Token]) -> Iterator[Write]:
    """`set_config('search_path', …)`, PostgreSQL's function that sets what `set` does."""
    for at, token in enumerate(statement[:-4]):
        if token.word == "set_config" and statement[at + 2].text.lower() in words.PATHS:
            yield Write("set", words.SCHEMA, tuple(statement[at + 4].text.split(",")[0].strip().split(".")))


def _read_strings(statement: list[Token]) -> Iterator[Write]:
    """Yield what is in the text of a `do` block, and in strings that are executed."""
    runs = statement[0].word == "do"
    for token in statement:
        runs = runs or token.word in {"execute", "exec", "immediate"}
        if runs and token.kind is Kind.TEXT:
            yield from find_writes(token.text, script=True)
