"""Which columns of a source the project's SQL reads, where nothing else says what columns there are.

A column is followed through subqueries, `with`, `select *` and the models that hand a source's columns on. Where a
name may be of several tables, it is taken for one of the first whose columns are not known.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

MOMENT = "timestamp"
"""The type of a column that functions of time are called with: they take several types, and so not one of none."""

_TIMES = {"Extract", "Year", "Month", "Day", "Week", "Quarter", "TimeToUnix", "DayOfWeek", "DayOfWeekIso", "DayOfYear"}
_TIME_FUNCTIONS = {"date_part", "datepart", "date_sub", "datesub", "yearweek", "weekofyear", "hour", "minute", "second"}

Source = Any
"""What a query reads from: sqlglot's `Table`, or the `Scope` of another query."""

Place = tuple[str, str]
"""A table's schema and name, in small letters."""


@dataclass
class Reads:
    """The columns that are read, of each source.

    Args:
        sources: The sources that are asked for, by their places.
        models: The project's other tables, by their places.
        known: The columns of those of them that are known without their SQL.
        dialect: sqlglot's name for the SQL.

    Attributes:
        columns: The columns of each source, with `timestamp` where functions of time are called with one, else None.
    """

    sources: Mapping[Place, str]
    models: Mapping[Place, str]
    known: Mapping[str, Collection[str]]
    dialect: str
    columns: dict[str, dict[str, str | None]] = field(default_factory=dict)
    _roots: dict[str, "Scope"] = field(default_factory=dict)
    _inside: set[str] = field(default_factory=set)

    def follow(
        self, readers: Callable[[str], Iterable[str]], compile_: Callable[[list[str]], Mapping[str, str]]
    ) -> None:
        """Look through the models that read the sources, and those that read what these hand on.

        Args:
            readers: The models that read a node or source.
            compile_: Gives the SQL of models.
        """
        waiting = list(dict.fromkeys(reader for at in self.sources.values() for reader in readers(at)))
        seen: dict[str, None] = {}
        while waiting:
            seen |= dict.fromkeys(waiting)
            for at, sql in compile_(waiting).items():
                self._parse(at, sql)
            found = (reader for at in seen if self.hands_on(at) for reader in readers(at))
            waiting = list(dict.fromkeys(reader for reader in found if reader not in seen))
        for at in seen:
            if at in self._roots:
                self._read(self._roots[at])

    def hands_on(self, at: str) -> bool:
        """Return whether a model, of those that were looked through, hands on a source's columns, whatever they are."""
        return at in self._roots and self._is_open(self._roots[at])

    def _parse(self, at: str, sql: str) -> None:
        from sqlglot import parse_one
        from sqlglot.errors import SqlglotError
        from sqlglot.optimizer.scope import build_scope

        try:
            scope = build_scope(parse_one(sql, dialect=self.dialect))
        except SqlglotError:
            return
        if scope is not None:
            self._roots[at] = scope

    def _read(self, root: "Scope") -> None:
        """Take every column that is named anywhere in a query."""
        from sqlglot import exp

        for scope in root.traverse():
            for column in scope.columns:
                self._resolve(scope, column, _kind_of(column))
            for star in scope.expression.find_all(exp.Star) if isinstance(scope.expression, exp.Select) else ():
                for name in _left_out(star):
                    self._resolve_name(_selected(scope), name.lower(), None)
            for join in scope.expression.args.get("joins") or ():
                for name in join.args.get("using") or ():
                    for source in _selected(scope):
                        self._find(source, name.name.lower(), None)

    def _resolve(self, scope: "Scope", column: "exp.Column", kind: str | None) -> None:
        name, table = column.name.lower(), column.table
        if table and table in scope.sources:
            self._find(scope.sources[table], name, kind)
        elif table and not scope.is_subquery:  # a field of a column; in a subquery a column of what is around it
            self._resolve_name(_selected(scope), table.lower(), None)
        elif not table and not _is_alias(scope, column):
            self._resolve_name(_selected(scope), name, kind)

    def _resolve_name(self, sources: list[Source], name: str, kind: str | None) -> None:
        apart = [source for source in sources if not self._is_open(source)]
        if not any(self._has(source, name) for source in apart):
            any(self._find(source, name, kind) for source in sources if source not in apart)

    def _has(self, source: Source, name: str) -> bool:
        """Return whether something whose columns do not hang on a source is known to have one."""
        at = self.models.get(_place(source)) if not _is_scope(source) else None
        return name in self.known.get(at or "", ()) or self._find(self._roots.get(at or "", source), name, None)

    def _find(self, source: Source, name: str, kind: str | None) -> bool:
        """Note a column that comes out of a table or query; whether it does."""
        from sqlglot import exp

        if not _is_scope(source):
            place = _place(source)
            if place in self.sources:
                columns = self.columns.setdefault(self.sources[place], {})
                columns[name] = columns.get(name) or kind
                return True
            return self._in_model(place, lambda root: self._find(root, name, kind))
        if branches := _branches(source):
            return any([self._find(branch, name, kind) for branch in branches])  # noqa: C419 - in each of them
        for projection in getattr(source.expression, "selects", ()):
            if not projection.is_star and projection.alias_or_name.lower() == name:
                if kind and isinstance(projection.unalias(), exp.Column):
                    self._resolve(source, projection.unalias(), kind)
                return True
        return any(self._find(inner, name, kind) for inner in sorted(_handed_on(source, name), key=self._is_open))

    def _is_open(self, source: Source) -> bool:
        """Return whether a source's columns, whatever they are, come out of a table or query."""
        if not _is_scope(source):
            place = _place(source)
            return place in self.sources or self._in_model(place, self._is_open)
        return any(map(self._is_open, _branches(source) or _handed_on(source)))

    def _in_model(self, place: Place, ask: "Callable[[Scope], bool]") -> bool:
        """Return what is said of a model's own SQL; of a model that reads itself nothing."""
        at = self.models.get(place, "")
        if at not in self._roots or at in self._inside:
            return False
        self._inside.add(at)
        try:
            return ask(self._roots[at])
        finally:
            self._inside.discard(at)


def _is_scope(source: Any) -> bool:
    return hasattr(source, "selected_sources")


def _branches(scope: "Scope") -> "list[Scope]":
    """Return the parts of a `union`, under either name that sqlglot has for them."""
    found: list[Scope] = getattr(scope, "set_operation_scopes", None) or getattr(scope, "union_scopes", [])
    return found


def _place(table: "exp.Table") -> Place:
    return table.db.lower(), table.name.lower()


def _selected(scope: "Scope") -> list[Source]:
    """Return what a query reads, in order."""
    return [source for _, source in scope.selected_sources.values()]


def _handed_on(scope: "Scope", name: str = "") -> Iterator[Source]:
    """Yield what a query hands on by `*` or `table.*`, unless it leaves a column of that name out."""
    for projection in getattr(scope.expression, "selects", ()):
        if projection.is_star and name not in _left_out(projection):
            table = getattr(projection, "table", "")
            yield from [scope.sources[table]] if table in scope.sources else _selected(scope) if not table else ()


def _left_out(star: "exp.Expression") -> set[str]:
    """Return the columns that `* exclude (…)` and `* replace (…)` name."""
    from sqlglot import exp

    found = star if isinstance(star, exp.Star) else star.find(exp.Star)
    arguments = found.args if found is not None else {}
    given = [*(arguments.get("except_") or arguments.get("except") or ()), *(arguments.get("replace") or ())]
    return {each.alias_or_name.lower() for each in given}


def _is_alias(scope: "Scope", column: "exp.Column") -> bool:
    """Return whether a name without a table is that of another column of the same `select`."""
    for projection in getattr(scope.expression, "selects", ()):
        if projection.alias.lower() == column.name.lower():
            return not any(inner is column for inner in projection.find_all(type(column)))
    return False


def _kind_of(column: "exp.Column") -> str | None:
    """`timestamp` where a column is what a function of time is called with."""
    from sqlglot import exp

    parent = column.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if isinstance(parent, exp.Add | exp.Sub):
        return MOMENT if any(parent.find_all(exp.Interval)) else None
    if isinstance(parent, exp.Anonymous):
        return MOMENT if parent.name.lower() in _TIME_FUNCTIONS else None
    of_time = isinstance(parent, exp.TimeUnit) and not isinstance(parent, exp.Interval)
    return MOMENT if of_time or type(parent).__name__ in _TIMES else None
