"""What a statement's nodes become on DuckDB: templates in DuckDB's SQL, by the class of the node in sqlglot."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

from pipeproof.sql.errors import FailedError, place, untranslatable
from pipeproof.sql.types import group_of, name_of

_FAILURE, _REFUSAL, _END = "pipeproof-failure:", "pipeproof-refusal:", ":pipeproof"


@dataclass(frozen=True)
class Context:
    """What the rules know of the statement: the service, its text, and whether types are compared as Trino does."""

    service: str
    sql: str

    def refuse(self, node: Any, what: str, why: str = "") -> NoReturn:
        """Refuse a node.

        Raises:
            UntranslatableQueryError: Always.
        """
        start = start_of(node) if self.service in ("athena", "redshift-data") else nearest_start(node)
        raise untranslatable(self.service, what, self.sql, start, why)

    def fail(self, node: Any, code: str, message: str) -> NoReturn:
        """Let the statement fail, in Trino's form of words; another service's is refused.

        Raises:
            FailedError: The statement is Athena's.
            UntranslatableQueryError: It is another service's.
        """
        if self.service != "athena":
            self.refuse(node, message)
        start = start_of(node)
        line, column = place(self.sql, start) if start is not None else (1, 1)
        raise FailedError(f"{code}: line {line}:{column}: {message}")


Rule = Callable[[Any, Context], Any]
"""A node, whose children have been rewritten → what takes its place; itself where it stays."""


def start_of(node: Any) -> int | None:
    """Where a node begins in its statement, by the first of its parts that knows."""
    for part in node.walk(bfs=False):
        if "start" in part.meta:
            return int(part.meta["start"])
    parent = node.parent
    return start_of(parent) if parent is not None and parent.parent is not None else None


def nearest_start(node: Any) -> int | None:
    """Where a node begins in its statement, by it or what it stands in below the query: the line is then its own."""
    from sqlglot import exp

    while node is not None and not isinstance(node, (exp.Query, exp.From)):
        known = next((int(part.meta["start"]) for part in node.walk(bfs=False) if "start" in part.meta), None)
        if known is not None:
            return known
        node = node.parent
    return None


@cache
def _parsed(template: str) -> Any:
    import sqlglot

    tree = sqlglot.parse_one(template, read="duckdb")
    for node in tree.walk():
        node.meta.pop("start", None)  # a place in the template is none in the statement
    return tree


def duck(template: str, **parts: Any) -> Any:
    """DuckDB's SQL as a tree, `_name_` in it replaced by the part `name`."""
    from sqlglot import exp

    tree = _parsed(template).copy()
    for column in list(tree.find_all(exp.Column)):
        name = column.name
        if name.startswith("_") and name.endswith("_") and name.strip("_") in parts:
            part = wrapped(parts[name.strip("_")])
            if column is tree:
                return part
            column.replace(part)
    return tree


def wrapped(part: Any) -> Any:
    """Return a copy of a part that keeps together wherever it is put."""
    from sqlglot import exp

    copy = part.copy()
    if isinstance(copy, (exp.Binary, exp.Unary, exp.Case, exp.Between, exp.In)) and not isinstance(
        copy, (exp.Paren, exp.Dot)
    ):
        kind, copy = copy.type, exp.Paren(this=copy)
        copy.type = kind
    return copy


def failing(message: str, kind: str = "BIGINT") -> str:
    """DuckDB's SQL for a value of a type that fails with a message; `TRY` makes it NULL, as no `error()` could."""
    return f"CAST('{_FAILURE}{message}{_END}' AS {kind})"


def refusing(what: str) -> str:
    """DuckDB's SQL for a value of BIGINT that refuses the statement, as it runs, for what it has come upon."""
    return f"CAST('{_REFUSAL}{what}{_END}' AS BIGINT)"


def message_of(error: str) -> str | None:
    """Return the message that [failing][] was given, in DuckDB's error."""
    return _between(error, _FAILURE)


def refusal_of(error: str) -> str | None:
    """Return what [refusing][] was given, in DuckDB's error."""
    return _between(error, _REFUSAL)


def _between(error: str, start: str) -> str | None:
    _, found, rest = error.partition(start)
    return rest.partition(_END)[0] if found else None


def template(*templates: str, of: tuple[str, ...] = ()) -> Rule:
    """Return a rule of templates that differ in the arguments which they take.

    Args:
        templates: Each takes all arguments of the node that it names (`_this_`), and fits where no other is given.
        of: The groups of types that the first argument may have; empty for any.
    """
    import re

    wanted = {frozenset(re.findall(r"_([a-z_]+?)_(?![a-z])", text)): text for text in templates}

    def rule(node: Any, context: Context) -> Any:
        from sqlglot import exp

        given = {name: part for name, part in node.args.items() if isinstance(part, exp.Expr)}
        lists = {name for name, part in node.args.items() if isinstance(part, list) and part}
        chosen = wanted.get(frozenset(given))
        if chosen is None or lists:
            context.refuse(node, f"{named(node)} with these arguments")
        first = given.get("this")
        if of and first is not None and group_of(first.type) not in (*of, "UNKNOWN", "NULL"):
            context.fail(
                node, "FUNCTION_NOT_FOUND", f"Unexpected parameters ({shown(first.type)}) for function {named(node)}"
            )
        return duck(chosen, **given)

    return rule


def named(node: Any) -> str:
    """Return a node's name as people write it."""
    from sqlglot import exp

    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    if isinstance(node, exp.Func):
        return str(node.meta.get("name") or node.sql_name()).lower()
    return str(node.key).upper()


def shown(kind: Any) -> str:
    """Return a type as Trino names it."""
    name = name_of(kind)
    plain = {"INT": "integer", "TEXT": "varchar", "FLOAT": "real"}.get(name, name.lower())
    digits = ", ".join(part.name for part in kind.expressions) if name == "DECIMAL" else ""
    return f"{plain}({digits.replace(' ', '')})" if digits else plain


def rewrite(tree: Any, rules: Mapping[Any, Rule], plain: frozenset[Any], context: Context) -> Any:
    """Return a tree with each node rewritten by its rule, children first.

    Args:
        tree: The statement; its expressions have types.
        rules: By the class of node.
        plain: Classes that mean the same in DuckDB.
        context: The statement that it is of.

    Raises:
        UntranslatableQueryError: A node has no rule and is not plain.
        FailedError: The service would not accept the types.
    """
    for node in reversed(list(tree.walk())):
        rule = rules.get(type(node))
        if rule is None and type(node) not in plain:
            context.refuse(node, named(node))
        if rule is None:
            continue
        kind, new = node.type, rule(node, context)
        if new is node:
            continue
        if kind is not None:
            new.type = kind
        if node is tree:
            tree = new
        else:
            node.replace(new)
    return tree
