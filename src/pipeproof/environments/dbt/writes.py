"""What a SQL statement would write: the names after `create table`, `insert into`, `drop schema` and their like.

Not a parser: a tokenizer that knows comments, strings and quoted names, and the handful of verbs with which every
database that dbt knows creates, changes and drops things. It errs on the side of seeing a write.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

DYNAMIC = "__jinja__"
"""What stands for a Jinja expression in a name that is looked at before it is rendered."""

_TOKEN = re.compile(
    r"""
      --[^\n]* | /\*.*?\*/                                  # comments
    | (?P<text>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$ | [eE]?'(?:[^'\\]|''|\\.)*')
    | (?P<quoted>"(?:[^"]|"")*" | `[^`]*`)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<other>\S)
    """,
    re.DOTALL | re.VERBOSE,
)
_JINJA = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_JINJA_SILENT = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)

_OBJECTS = {
    "table",
    "view",
    "schema",
    "database",
    "sequence",
    "function",
    "procedure",
    "type",
    "index",
    "stage",
    "stream",
}
_FILLERS = {"or", "replace", "temp", "temporary", "transient", "external", "materialized", "recursive", "unlogged"}
_FILLERS |= {
    "if",
    "not",
    "exists",
    "unique",
    "concurrently",
    "local",
    "global",
    "volatile",
    "only",
    "secure",
    "dynamic",
}
_DIRECT = {("insert", "into"), ("insert", "overwrite"), ("delete", "from"), ("merge", "into"), ("select", "into")}


@dataclass(frozen=True, slots=True)
class Write:
    """Something that a statement would write.

    Args:
        verb: `create`, `insert`, `drop`, ….
        kind: `table`, `view`, `schema`, ….
        name: The parts of its name, outermost first.
        temporary: Whether it ends with the connection.
    """

    verb: str
    kind: str
    name: tuple[str, ...]
    temporary: bool = False

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {'.'.join(self.name)}"


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    named: bool
    start: bool


def find_writes(sql: str) -> list[Write]:
    """What the statements of `sql` would write, in their order."""
    tokens = list(_tokenize(sql))
    return [write for at, token in enumerate(tokens) if (write := _read(tokens, at, token.text)) is not None]


def find_fixed_writes(template: str) -> list[Write]:
    """The writes in SQL with Jinja whose schema is written out, so that it is known before anything is rendered."""
    sql = _JINJA.sub(DYNAMIC, _JINJA_SILENT.sub(" ", template))
    fixed = []
    for write in find_writes(sql):
        schema = write.name[-1:] if write.kind == "schema" else write.name[-2:-1]
        if schema and DYNAMIC not in schema[0] and not write.temporary:
            fixed.append(write)
    return fixed


def _tokenize(sql: str) -> Iterator[_Token]:
    start = True
    for match in _TOKEN.finditer(sql):
        if match["word"]:
            yield _Token(match["word"].lower(), True, start)
        elif match["quoted"]:
            yield _Token(match["quoted"][1:-1], True, False)
        elif match["text"] or match["other"]:
            yield _Token("'" if match["text"] else match["other"], False, False)
        else:
            continue
        start = match["other"] in {";", "("} or (start and match["word"] in {"explain", "analyze"})


def _read(tokens: list[_Token], at: int, verb: str) -> Write | None:
    """The write that begins at a token, if one does."""
    if not tokens[at].named or (at and tokens[at - 1].text == "."):
        return None
    following = tokens[at + 1].text if at + 1 < len(tokens) else ""
    if (verb, following) in _DIRECT:
        skip = 3 if at + 2 < len(tokens) and tokens[at + 2].text == "table" else 2
        return _named(verb, "table", tokens, at + skip)
    if verb in {"update", "truncate", "copy"} and tokens[at].start:
        return _named(verb, "table", tokens, at + (2 if following == "table" else 1))
    if verb in {"create", "drop", "alter"} and tokens[at].start:
        return _read_definition(verb, tokens, at + 1)
    return None


def _read_definition(verb: str, tokens: list[_Token], at: int) -> Write | None:
    temporary = False
    while at < len(tokens) and tokens[at].text in _FILLERS:
        temporary = temporary or tokens[at].text in {"temp", "temporary"}
        at += 1
    if at >= len(tokens) or tokens[at].text not in _OBJECTS:
        return None
    kind = tokens[at].text
    if kind == "index":
        if verb == "create":  # it goes where its table is
            on = next((spot for spot in range(at, min(at + 8, len(tokens))) if tokens[spot].text == "on"), None)
            return None if on is None else _named(verb, kind, tokens, on + 1)
        kind = "index"
    return _named(verb, kind, tokens, at + 1, temporary=temporary)


def _named(verb: str, kind: str, tokens: list[_Token], at: int, *, temporary: bool = False) -> Write | None:
    while at < len(tokens) and tokens[at].named and tokens[at].text in _FILLERS:
        at += 1
    name = []
    while at < len(tokens) and tokens[at].named:
        name.append(tokens[at].text)
        if at + 1 >= len(tokens) or tokens[at + 1].text != ".":
            break
        at += 2
    return Write(verb, kind, tuple(name), temporary) if name else None
