"""What a model's SQL says of its inputs: the columns that it reads, which of them it joins, what it compares them with.

A column is found by its name, through the names that the SQL gives it on its way (`id as customer_id`). What is found
decides which rows a test is given, not what it expects: that is what comes out of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pipeproof.environments.dbt.project.reads import MOMENT, Reads

Node = Any
"""An expression of sqlglot's, which is imported late."""

Column = tuple[str, str]
"""An input, and a column of it in small letters."""

TODAY = ("CurrentDate", "CurrentTimestamp", "CurrentDatetime", "CurrentTime", "Rand", "Uuid")
"""sqlglot's names for what gives something else each time."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a model's inputs.

    Attributes:
        columns: The columns that are read of each input, with a kind where the SQL tells one: `number`, `text`, `date`,
            `timestamp`, `boolean`.
        values: Values on both sides of each comparison, the one that makes it hold first.
        joined: Groups of columns that are compared with each other.
        emptied: Columns for which the SQL minds NULL.
        untidy: Columns whose texts the SQL trims.
        changing: Columns of the result that hang on the day or on chance.
        unstable: Whether the rows themselves hang on it.
    """

    columns: dict[str, dict[str, str | None]]
    values: dict[Column, list[Any]] = field(default_factory=dict)
    joined: list[set[Column]] = field(default_factory=list)
    emptied: set[Column] = field(default_factory=set)
    untidy: set[Column] = field(default_factory=set)
    changing: frozenset[str] = frozenset()
    unstable: bool = False


def read_sql(
    model: str,
    sql: str,
    places: Mapping[str, tuple[str, str]],
    known: Mapping[str, Mapping[str, str | None]],
    dialect: str,
) -> Reading:
    """Return what a model's compiled SQL says of its inputs.

    Args:
        model: The model's unique id.
        sql: Its SQL, compiled.
        places: The schema and name of each input, by its unique id.
        known: The columns of inputs whose columns are known, and their kinds; `select *` takes them.
        dialect: sqlglot's name for the SQL.

    Raises:
        sqlglot.errors.SqlglotError: It cannot be parsed.
    """
    from sqlglot import exp, parse_one

    tree: Node = parse_one(sql, dialect=dialect)
    reads = Reads({place: at for at, place in places.items()}, {}, {}, dialect)
    reads.follow(lambda _: [model], lambda _: {model: sql})
    columns: dict[str, dict[str, str | None]] = {at: dict(reads.columns.get(at, {})) for at in places}
    for at in places:
        if not columns[at] or reads.hands_on(model) or any(_stars(tree)):
            columns[at] = {**known.get(at, {}), **columns[at]}
    names = _Names(tree, columns)
    for column in tree.find_all(exp.Column):
        for at, name in names.find(column):
            columns[at][name] = columns[at].get(name) or _kind(column)
    for at, kinds in columns.items():
        for name, kind in known.get(at, {}).items():
            if name in kinds and kind:
                kinds[name] = kind
    reading = Reading(columns, changing=frozenset(_changing(tree)), unstable=_unstable(tree))
    _compare(tree, names, reading)
    return reading


class _Names:
    """The columns of the inputs behind a column's name.

    Args:
        tree: The query.
        columns: The columns that are read of each input.
    """

    def __init__(self, tree: Node, columns: Mapping[str, Mapping[str, Any]]) -> None:
        from sqlglot import exp

        self.columns = columns
        self.renamed: dict[str, set[str]] = {}
        for alias in tree.find_all(exp.Alias):
            behind = {column.name.lower() for column in alias.this.find_all(exp.Column)}
            if len(behind) == 1 and not alias.find(exp.AggFunc, exp.Window):
                self.renamed.setdefault(alias.alias.lower(), set()).update(behind)
        self.tables: dict[str, str] = {}
        for table in tree.find_all(exp.Table):
            self.tables[(table.alias or table.name).lower()] = table.name.lower()

    def find(self, column: Node) -> list[Column]:
        """Return the inputs' columns behind a column of the query."""
        table = self.tables.get(column.table.lower(), column.table.lower()) if column.table else ""
        found = self._inputs(column.name.lower(), {column.name.lower()})
        own = [(at, name) for at, name in found if table and at.split(".")[-1].lower() == table]
        return own or found

    def _inputs(self, name: str, seen: set[str]) -> list[Column]:
        direct = [(at, name) for at, columns in self.columns.items() if name in columns]
        if direct:
            return direct
        further = self.renamed.get(name, set()) - seen
        return [found for other in sorted(further) for found in self._inputs(other, seen | further)]


def _stars(tree: Node) -> Iterator[Any]:
    from sqlglot import exp

    return (star for star in tree.find_all(exp.Star) if not isinstance(star.parent, exp.Count))


def _kind(column: Node) -> str | None:
    """Return the kind of values that a column's place in the SQL asks for."""
    from sqlglot import exp

    parent = column.parent
    while isinstance(parent, exp.Paren | exp.Coalesce | exp.Nullif):
        parent = parent.parent
    if isinstance(parent, exp.Cast):
        kind = parent.to.this.name if hasattr(parent.to.this, "name") else ""
        return kind_of(kind)
    if isinstance(parent, exp.Sum | exp.Avg | exp.Mul | exp.Div | exp.Sub | exp.Add | exp.Round | exp.Abs | exp.Mod):
        return None if parent.find(exp.Interval) else "number"
    of_text = exp.Upper | exp.Lower | exp.Trim | exp.Like | exp.ILike | exp.Concat | exp.DPipe | exp.Length
    if isinstance(parent, of_text):
        return "text"
    if isinstance(parent, exp.DateTrunc | exp.TimestampTrunc | exp.Extract | exp.DateDiff | exp.DateAdd):
        return "timestamp"
    if isinstance(parent, exp.Where | exp.And | exp.Or | exp.Not | exp.If):
        return "boolean"
    if isinstance(parent, exp.Binary | exp.In):
        others = [parent.expression] if isinstance(parent, exp.Binary) else parent.expressions
        values = [literal for literal in map(_literal, others) if literal is not None]
        return _kind_of_value(values[0]) if values else None
    return None


def kind_of(declared: str | None) -> str | None:
    """Return the kind of values of a type as SQL spells it."""
    word = (declared or "").lower()
    if word == MOMENT or word.startswith(("timestamp", "datetime")):
        return "timestamp"
    if word.startswith("date"):
        return "date"
    if word.startswith("bool"):
        return "boolean"
    if word.startswith(("int", "bigint", "smallint", "tinyint", "hugeint", "long", "ubigint", "uinteger")):
        return "integer"
    if word.startswith(("num", "dec", "float", "double", "real")):
        return "number"
    return "text" if word.startswith(("varchar", "text", "char", "string", "nvarchar")) else None


def _kind_of_value(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | Decimal) else "text"


def _literal(node: Node) -> Any:
    """Return the value of a literal; None for anything else."""
    from sqlglot import exp

    while isinstance(node, exp.Paren | exp.Cast):
        node = node.this
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    if isinstance(node, exp.Neg):
        inner = _literal(node.this)
        return None if inner is None or isinstance(inner, str) else -inner
    if not isinstance(node, exp.Literal):
        return None
    if node.is_string:
        return str(node.this)
    return int(node.this) if str(node.this).isdigit() else Decimal(str(node.this))


def _compare(tree: Node, names: _Names, reading: Reading) -> None:
    from sqlglot import exp

    for node in tree.find_all(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike):
        left, right = _columns(node.this, names), _columns(node.expression, names)
        if left and right:
            if isinstance(node, exp.EQ):
                _join(reading.joined, {*left, *right})
            continue
        value = _literal(node.expression) if left else _literal(node.this)
        if value is not None:
            side = node.this if left else node.expression
            sides = _sides(type(node).__name__, value, flipped=not left)
            _note(reading, left or right, [*sides, *_written_otherwise(side, value)])
    _compare_lists(tree, names, reading)
    for trim in tree.find_all(exp.Trim):
        reading.untidy.update(_columns(trim.this, names))
    for join in tree.find_all(exp.Join):
        for name in join.args.get("using") or ():
            _join(reading.joined, set(names.find(exp.column(name.name))))
    for node in tree.find_all(exp.Coalesce, exp.Is, exp.Nullif, exp.Count):
        counts_rows = isinstance(node, exp.Count) and node.find(exp.Star)
        reading.emptied.update(() if counts_rows else _columns(node.this, names))


def _compare_lists(tree: Node, names: _Names, reading: Reading) -> None:
    """Note what is compared with several values at once: by `in`, `between` and `case`."""
    from sqlglot import exp

    for node in tree.find_all(exp.In):
        found = [value for value in map(_literal, node.expressions) if value is not None]
        beyond = found[:1] if any(isinstance(value, str) for value in found) else sorted(found)[-1:]
        others = [*map(_other, beyond), *_written_otherwise(node.this, next(iter(found), None))]
        _note(reading, _columns(node.this, names), [*found, *others])
    for between in tree.find_all(exp.Between):
        low, high = _literal(between.args["low"]), _literal(between.args["high"])
        if low is not None and high is not None:
            _note(reading, _columns(between.this, names), [low, high, _beside(low, -1), _beside(high, 1)])
    for node in tree.find_all(exp.Case):
        found = [value for branch in node.args.get("ifs", ()) if (value := _literal(branch.this)) is not None]
        _note(reading, _columns(node.this, names) if node.this else [], [*found, *map(_other, found[:1])])


def _written_otherwise(side: Node, value: Any) -> list[Any]:
    """Return a text as it stands before a function that makes all spellings of it one."""
    from sqlglot import exp

    if not isinstance(value, str) or side is None:
        return []
    other = value.upper() if side.find(exp.Lower) else value.lower() if side.find(exp.Upper) else value
    other = f" {other} " if side.find(exp.Trim) else other
    return [other] if other != value else []


def _columns(node: Node, names: _Names) -> list[Column]:
    """Return the inputs' columns in a side of a comparison that looks at no more than one column."""
    from sqlglot import exp

    found = list(node.find_all(exp.Column)) if node is not None else []
    return names.find(found[0]) if len(found) == 1 and not node.find(exp.AggFunc, exp.Subquery, exp.Case) else []


def _note(reading: Reading, columns: list[Column], values: list[Any]) -> None:
    for column in columns:
        known = reading.values.setdefault(column, [])
        known += [value for value in values if not any(type(value) is type(it) and value == it for it in known)]


def _join(groups: list[set[Column]], columns: set[Column]) -> None:
    if len({at for at, _ in columns}) < 2:
        return
    touched = [group for group in groups if group & columns]
    for group in touched:
        groups.remove(group)
    groups.append(columns.union(*touched))


def _sides(operator: str, value: Any, *, flipped: bool) -> list[Any]:
    """Return values on both sides of a comparison, one that makes it hold first and the nearest to its border."""
    if flipped:
        operator = {"GT": "LT", "GTE": "LTE", "LT": "GT", "LTE": "GTE"}.get(operator, operator)
    if operator in ("Like", "ILike"):
        return [str(value).replace("%", "x").replace("_", "x"), f"not {value}".replace("%", "").replace("_", " ")]
    if isinstance(value, bool):
        return [value, not value] if operator == "EQ" else [not value, value]
    above, below = _beside(value, 1), _beside(value, -1)
    order = {
        "GT": [above, value],
        "GTE": [value, below],
        "LT": [below, value],
        "LTE": [value, above],
        "NEQ": [_other(value), value],
    }
    return order.get(operator, [value, _other(value)])


def _beside(value: Any, step: int) -> Any:
    if isinstance(value, str):
        return _beside_text(value, step)
    return value + step


def _beside_text(value: str, step: int) -> str:
    from datetime import date, timedelta

    try:
        return str(date.fromisoformat(value[:10]) + timedelta(days=step))
    except ValueError:
        return f"{value}z" if step > 0 else " "


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return f"not {value}" if isinstance(value, str) else value + 1


def _is_changing(node: Node) -> bool:
    return any(type(inner).__name__ in TODAY for inner in node.walk())


def _changing(tree: Node) -> Iterator[str]:
    """Yield the result's columns whose expressions hang on the day or on chance, also by the names in between."""
    from sqlglot import exp

    aliases = {alias.alias.lower(): alias for alias in tree.find_all(exp.Alias)}
    touched = {name for name, alias in aliases.items() if _is_changing(alias)}
    grown = True
    while grown:
        more = {
            name
            for name, alias in aliases.items()
            if any(column.name.lower() in touched for column in alias.find_all(exp.Column))
        }
        grown = not more <= touched
        touched |= more
    yield from touched


def _unstable(tree: Node) -> bool:
    from sqlglot import exp

    return any(_is_changing(node) for node in tree.find_all(exp.Where, exp.Having, exp.Join, exp.Qualify, exp.Limit))
