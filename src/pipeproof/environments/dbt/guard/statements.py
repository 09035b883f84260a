"""What one kind of statement would write, read from its tokens; `writes` says where the statements are."""

from collections.abc import Callable, Iterator
from itertools import takewhile

from pipeproof.environments.dbt.guard import words
from pipeproof.environments.dbt.guard.names import Tokens, Write, find, read_name, read_names, skip_parentheses, text_at
from pipeproof.environments.dbt.guard.tokens import Kind

Reader = Callable[[Tokens], Iterator[Write]]


def read_definition(tokens: Tokens) -> Iterator[Write]:
    """`create`, `drop`, `alter`, and what is like them."""
    verb, at, temporary, persistent = tokens[0].text, 1, False, False
    if (verb, text_at(tokens, 1)) == ("alter", "session"):
        yield from read_setting(tokens[1:])
        return
    while at < len(tokens) and tokens[at].word in words.FILLERS and text_at(tokens, at + 1) != ".":
        temporary = temporary or tokens[at].word in {"temp", "temporary"}
        persistent = persistent or tokens[at].word == "persistent"
        at += 1
    kind = tokens[at].word if at < len(tokens) else ""
    if tokens[at - 1].word == "event" or kind in words.SERVERS:
        if not (kind == "secret" and not persistent and (verb == "create" or temporary)):
            name = next(iter(read_names(tokens, at + 1)), ())
            yield Write(verb, words.SERVER, (kind, *name))
    elif kind in words.ON_TABLE or (kind == "index" and verb == "create"):
        yield from _read_on(verb, kind, tokens, at)
    elif kind in words.SCHEMAS or kind in words.RELATIONS:
        kind = words.SCHEMA if kind in words.SCHEMAS else kind
        found = [Write(verb, kind, name, temporary) for name in read_names(tokens, at + 1)]
        yield from found or [Write(verb, kind, ())]
        if verb == "alter":
            yield from _read_move(kind, tokens[at:])
    else:
        yield from read_unknown(tokens)


def _read_on(verb: str, kind: str, tokens: Tokens, at: int) -> Iterator[Write]:
    """Yield what goes where its table is."""
    on = find(tokens[at:], "to" if kind == "rule" and verb == "create" else "on")
    found = read_names(tokens, (at if on is None else at + on) + 1)
    yield from (Write(verb, kind, name) for name in found)
    if not found:
        yield Write(verb, kind, ())


def _read_move(kind: str, tokens: Tokens) -> Iterator[Write]:
    """Where `alter … rename to`, `set schema` and their like put a thing."""
    for at in range(len(tokens) - 1):
        pair = (tokens[at].word, tokens[at + 1].word)
        name = read_name(tokens, at + 2)[0]
        if pair == ("set", "schema") and name:
            yield Write("alter", words.SCHEMA, name)
        elif name and (
            (pair == ("rename", "to") and (kind == words.SCHEMA or len(name) > 1))
            or pair in {("swap", "with"), ("exchange", "with"), ("attach", "partition")}
        ):
            yield Write("alter", kind, name)


def read_list(tokens: Tokens) -> Iterator[Write]:
    """Yield a verb and then the tables that it changes: `update`, `truncate`, `delete from`, `merge into`, …."""
    verb, at = tokens[0].text, 1
    if verb in {"insert", "replace", "merge", "delete"}:
        into = next((spot for spot in range(1, min(6, len(tokens))) if tokens[spot].word in {"into", "from"}), None)
        skipped = takewhile(lambda token: token.word, tokens[1:into])
        at = 1 if into is None or len(list(skipped)) < into - 1 or not _leads(tokens[1:into]) else into + 1
    while text_at(tokens, at) in words.BEFORE_NAME and text_at(tokens, at + 1) != ".":
        at += 1
    found = [Write(verb, "table", name) for name in read_names(tokens, at)]
    yield from found or [Write(verb, "table", ())]


def _leads(tokens: Tokens) -> bool:
    known = words.BEFORE_NAME | {"all", "first", "delayed", "high_priority", "quick"}
    return all(token.word in known for token in tokens)


def read_insert_all(tokens: Tokens) -> Iterator[Write]:
    """Every `into` of a statement: `select … into t`, and the many of an `insert all`."""
    for at, token in enumerate(tokens):
        if token.word != "into" or text_at(tokens, at - 1) in {"insert", "merge", "replace", ".", "ignore", "copy"}:
            continue
        if text_at(tokens, at + 1) == "name" and text_at(tokens, at + 3) == "value":  # DuckDB's unpivot
            continue
        temporary = text_at(tokens, at + 1) in {"temp", "temporary"}
        yield from (Write("select", "table", name, temporary) for name in read_names(tokens, at + 1))
        if text_at(tokens, at + 1) in {"outfile", "dumpfile"}:
            yield Write("select", words.FILE, _target(tokens[at + 2 :]))


def read_copy(tokens: Tokens) -> Iterator[Write]:
    """`copy`: into a table, or to a file."""
    if text_at(tokens, 1) == "into":
        if at := read_name(tokens, 2)[0]:
            yield Write("copy", "table", at)
        else:
            yield Write("copy", words.FILE, _target(tokens[2:]))
        return
    to, source = find(tokens, "to"), find(tokens, "from")
    if to is not None and (source is None or text_at(tokens, 1) == "from" or to < source):
        target = tokens[to + 1 :]
        if text_at(tokens, 1) == "from":
            yield Write("copy", words.SCHEMA, read_name(target, 0)[0])
        elif text_at(target, 0) != "stdout":
            yield Write("copy", words.FILE, _target(target))
    else:
        name = read_name(tokens, 2 if text_at(tokens, 1) == "binary" else 1)[0]
        yield Write("copy", "table", name)


def read_file(tokens: Tokens) -> Iterator[Write]:
    """Yield what writes to a file: `export`, `unload`; and `attach`, unless nothing can be written there."""
    verb = tokens[0].text
    target = _target(tokens[1:])
    if verb == "attach":
        only = next((at for at, token in enumerate(tokens) if token.word == "read_only"), None)
        closed = only is not None and "false" not in {text_at(tokens, only + 1), text_at(tokens, only + 2)}
        if closed or target == (":memory:",):
            return
    if verb == "unload" and (to := find(tokens, "to")) is not None:
        target = _target(tokens[to:])
    yield Write(verb, words.FILE, target)


def _target(tokens: Tokens) -> tuple[str, ...]:
    return next(((token.text,) for token in tokens if token.kind is Kind.TEXT), ("elsewhere",))


def read_grant(tokens: Tokens) -> Iterator[Write]:
    """`grant` and `revoke`: on relations, on schemas, on all in some schemas, or of roles."""
    verb, on = tokens[0].text, find(tokens, "on")
    rest = tokens[on + 1 :] if on is not None else ()
    end = find(rest, "to", "from")
    rest = rest[:end]
    within = next((at for at in range(len(rest)) if rest[at].word == "in" and text_at(rest, at + 1) == "schema"), None)
    if within is not None:
        yield from (Write(verb, words.SCHEMA, name) for name in read_names(rest, within + 2))
        return
    at = 0
    while at < len(rest) - 1 and rest[at].word in words.FILLERS | words.RELATIONS and rest[at + 1].named:
        at += 1
    kind = text_at(rest, at) if at + 1 < len(rest) and rest[at + 1].named else ""
    if not rest or kind in words.SERVERS or kind == "database":
        yield Write(verb, words.SERVER, tuple(token.text for token in rest or tokens[1:2]))
        return
    kind, at = (words.SCHEMA, at + 1) if kind in words.SCHEMAS else ("table", at)
    found = [Write(verb, kind, name) for name in read_names(rest, at)]
    yield from found or [Write(verb, kind, ())]


def read_comment(tokens: Tokens) -> Iterator[Write]:
    """`comment on`."""
    on = find(tokens, "on")
    rest = tokens[on + 1 :] if on is not None else ()
    rest = rest[: find(rest, "is")]
    inner = find(rest, "on")
    if inner is not None:
        rest = rest[inner + 1 :]
    at = 0
    kinds = words.FILLERS | words.RELATIONS | words.SCHEMAS | words.SERVERS | {"column"}
    while at < len(rest) - 1 and rest[at].word in kinds and rest[at + 1].named:
        at += 1
    kind = text_at(rest, at - 1) or "table"
    name = read_name(rest, at)[0]
    if kind in words.SERVERS or kind in {"database", "event"}:
        yield Write("comment", words.SERVER, name)
    elif kind in words.SCHEMAS:
        yield Write("comment", words.SCHEMA, name)
    else:
        yield Write("comment", kind, name[:-1] if kind == "column" else name)


def read_upkeep(tokens: Tokens) -> Iterator[Write]:
    """`refresh`, `reindex`, `vacuum`, `analyze`, `cluster`, `lock`, `optimize`: what keeps a table up."""
    verb, at = tokens[0].text, skip_parentheses(tokens, 1)
    kinds = {"table", "index", "schema", "database", "system", "materialized", "view", "dynamic", "tables"}
    kind, full = "table", "full" in {token.text for token in tokens[1:3]}
    while at < len(tokens) and tokens[at].word in kinds | words.BEFORE_NAME and text_at(tokens, at + 1) != ".":
        kind = tokens[at].word if tokens[at].word in kinds else kind
        at += 1
    if verb == "refresh" and kind == "table":  # Spark's, which forgets what it has cached
        return
    kind = words.SCHEMA if kind in {"schema", "database", "system"} else kind
    found = [Write(verb, kind, name) for name in read_names(tokens, at)]
    if found or (verb in {"vacuum", "analyze", "analyse"} and not full):
        yield from found
    else:
        yield Write(verb, kind, ())


def read_setting(tokens: Tokens) -> Iterator[Write]:
    """`set`, `reset` and `use`, where they say where names without a schema go."""
    verb = tokens[0].text
    at = 1
    while text_at(tokens, at) in {"session", "local", "global", "persist", "set"} and at + 1 < len(tokens):
        at += 1
    setting = tokens[at].text.lower() if at < len(tokens) else ""
    if verb == "discard" or (verb == "reset" and setting in words.PATHS | {"all"}):
        if verb == "reset" or setting == "all":
            yield Write(verb, words.SCHEMA, ("default",))
    elif verb == "use":
        yield from _read_use(tokens)
    elif setting in words.PATHS:
        at += 1
        while text_at(tokens, at) in {"=", "to", ":"}:
            at += 1
        yield from _first_path(tokens[at:])


def _read_use(tokens: Tokens) -> Iterator[Write]:
    if text_at(tokens, 1) in {"warehouse", "role", "secondary"} and len(tokens) > 2:
        return
    kind = text_at(tokens, 1) in {"schema", "database", "catalog"} and len(tokens) > 2
    rest = tokens[2 if kind else 1 :]
    if rest and rest[0].kind is Kind.TEXT:
        yield from _first_path(rest)
    else:
        yield Write("use", words.SCHEMA, read_name(rest, 0)[0] or ("elsewhere",))


def _first_path(tokens: Tokens) -> Iterator[Write]:
    """Yield the first schema of a search path: things are made there."""
    if tokens and tokens[0].kind is Kind.TEXT:
        first = tokens[0].text.split(",")[0]
        name = tuple(part.strip().strip('"') for part in first.split("."))
    else:
        name = read_name(tokens, 0)[0]
    yield Write("set", words.SCHEMA, name or ("default",))


def read_server(tokens: Tokens) -> Iterator[Write]:
    """Yield what writes to the whole database, or is read from elsewhere: `import`, `reassign`, …."""
    into = find(tokens, "into")
    if into is not None and (name := read_name(tokens, into + 1)[0]):
        yield Write(tokens[0].text, words.SCHEMA, name)
    else:
        yield Write(tokens[0].text, words.SERVER, tuple(token.text for token in tokens[1:3]))


def read_unknown(tokens: Tokens) -> Iterator[Write]:
    """Yield a statement that is not known: all that is named with its schema in it, else itself."""
    found = []
    at = 1
    while at < len(tokens):
        name, after = read_name(tokens, at)
        if len(name) > 1:
            found.append(Write(tokens[0].text, words.UNKNOWN, name))
        at = max(after, at + 1)
    yield from found or [Write(" ".join(token.text for token in tokens[:4]), words.UNKNOWN, ())]


READERS: dict[str, Reader] = {
    **dict.fromkeys(("create", "drop", "alter"), read_definition),
    **dict.fromkeys(("insert", "replace", "update", "delete", "merge", "truncate"), read_list),
    **dict.fromkeys(("grant", "revoke"), read_grant),
    **dict.fromkeys(("refresh", "reindex", "vacuum", "analyze", "analyse", "cluster", "lock", "optimize"), read_upkeep),
    **dict.fromkeys(("set", "reset", "discard", "use", "pragma"), read_setting),
    **dict.fromkeys(("export", "unload", "attach"), read_file),
    **dict.fromkeys(("import", "reassign"), read_server),
    "copy": read_copy,
    "comment": read_comment,
}
"""How a statement is read, by the word that it begins with."""
