"""The SQL of a project in its warehouse's words, run on DuckDB.

While dbt renders what the project writes (models, tests, snapshots, hooks, and queries inside of these) `target.type`
is the warehouse's and macros are dispatched to it, so that the whole text is in one dialect; it is then translated,
node by node, before dbt's own macros wrap it in DuckDB's SQL. What these macros do is DuckDB's, dispatch included.
Rows of unit tests are written by dbt for DuckDB: such a CTE is a table, whose columns DuckDB tells.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeproof.environments.dbt.in_process.touched import DIALECTS
from pipeproof.sql.dialects import MissingTableError, Name, is_one_type, write_for_duckdb, write_type
from pipeproof.sql.errors import UntranslatableQueryError

_FAMILIES = {"redshift": ("redshift", "postgres")}
"""The adapters whose macros a warehouse's has, its own first; else its own alone."""
_OVERRIDDEN = {
    "bigquery": "array_append array_concat array_construct bool_or current_timestamp date date_trunc dateadd datediff "
    "equals escape_single_quotes except hash intersect listagg position right safe_cast split_part",
    "redshift": "array_append array_concat array_construct cast_bool_to_text current_timestamp dateadd datediff "
    "last_day length listagg split_part",
    "snowflake": "array_construct bool_or cast current_timestamp equals escape_single_quotes right safe_cast",
    "trino": "any_value array_append array_concat array_construct bool_or current_timestamp date_spine date_trunc "
    "dateadd datediff hash listagg right safe_cast split_part type_float type_int type_numeric type_string",
}
"""The cross-database macros that an adapter has of its own; without it they are not known."""
_BACKTICKS = {"bigquery"}
_RELATION = re.compile(r'"(\w+)"\."(\w+)"\."(\w+)"')
_WITHOUT_ROWS = re.compile(r"\s*(?:grant\s|revoke\s|comment\s+on\s|commit\s*;?\s*$|begin\s*;?\s*$)", re.IGNORECASE)
"""Statements of hooks that change no rows; they are left out."""
_SAME_ROWS = {None, "merge", "delete+insert", "append"}
"""Incremental strategies that leave the same rows where no two new ones have one key."""


@dataclass(frozen=True, slots=True)
class Unproven:
    """What of a node cannot be proven on DuckDB.

    Args:
        what: The function or construct.
        why: What is the matter with it; may be empty.
        line: The line of `text`, counting from 1; None where it is not known.
        text: The SQL that dbt rendered.
    """

    what: str
    why: str = ""
    line: int | None = None
    text: str = ""


@dataclass
class Translation:
    """The translation of one invocation.

    Args:
        dialect: The warehouse's dialect.
        runs: Whether what is rendered is run; else it stays as it is.
        unproven: What cannot be proven, by the unique ids of nodes.
    """

    dialect: str
    runs: bool = True
    unproven: dict[str, Unproven] = field(default_factory=dict)
    hooks: set[str] = field(default_factory=set)

    def prefixes(self) -> list[str]:
        """Return what macros that are dispatched begin with, in the order in which they are looked for."""
        return [*_FAMILIES.get(self.dialect, (self.dialect,)), "default"]

    def write(self, text: str, unique_id: str, adapter: Any, known: Mapping[str, Mapping[str, str]]) -> str:
        """Return a text of a node's in DuckDB's SQL.

        Args:
            text: The text.
            unique_id: The node, which is noted where the text cannot be proven.
            adapter: dbt's adapter, connected.
            known: The columns of the CTEs that dbt puts before the text, by name.
        """
        if self.dialect in _BACKTICKS:
            text = _RELATION.sub(r"`\1`.`\2`.`\3`", text)

        def find_columns(name: Name) -> Mapping[str, str] | None:
            given = known.get(name.table) if not name.schema else None
            return given if given is not None else _columns(adapter, name)

        try:
            return write_for_duckdb(text, self.dialect, find_columns)
        except MissingTableError as error:
            raise _dbt_error(f"Catalog Error: Table with name {error} does not exist!") from error
        except UntranslatableQueryError as error:
            raise self.refuse(unique_id, Unproven(error.what, error.why, error.line, text)) from error

    def refuse(self, unique_id: str, unproven: Unproven) -> Exception:
        """Note that a node cannot be proven, and return the error that ends it."""
        self.unproven[unique_id] = unproven
        return _dbt_error(f"cannot be proven here: {unproven.what}{f' ({unproven.why})' if unproven.why else ''}")


_rendering: ContextVar[str | None] = ContextVar("pipeproof_rendering", default=None)
"""The unique id of the node whose own text is rendered; None while dbt's macros are at work."""


@contextmanager
def translating(translation: Translation | None) -> Iterator[None]:
    """Let the project's SQL be its warehouse's while this lasts; of None nothing is changed."""
    if translation is None:
        yield
        return
    if not DIALECTS.usable():
        DIALECTS.require("the SQL of another warehouse cannot be run")
    with ExitStack() as stack:
        DIALECTS.enter(stack, {place: partial(make, translation) for place, make in _MAKES.items()})
        yield


@contextmanager
def parsing_for(dialect: str | None) -> Iterator[None]:
    """Let a project be parsed as its warehouse's; of None nothing is changed."""
    with translating(Translation(dialect, runs=False) if dialect else None):
        token = _rendering.set("" if dialect else None)
        try:
            yield
        finally:
            _rendering.reset(token)


def _compile(_translation: Translation, compile_code: Callable[..., Any]) -> Callable[..., Any]:
    def compile_for_warehouse(self: Any, node: Any, *arguments: Any, **options: Any) -> Any:
        with _of(None if _is_rows(node) else node.unique_id):
            return compile_code(self, node, *arguments, **options)

    return compile_for_warehouse


def _prepend(translation: Translation, prepend: Callable[..., Any]) -> Callable[..., Any]:
    """Translate a text before the ephemeral models and rows that it reads are put in front of it."""

    def prepend_translated(self: Any, model: Any, manifest: Any, extra_context: Any) -> Any:
        is_sql = getattr(model, "language", "sql") == "sql" and model.compiled_code is not None
        if not translation.runs or not is_sql or getattr(model, "extra_ctes_injected", True) or _is_rows(model):
            return prepend(self, model, manifest, extra_context)
        from_adapter = DIALECTS.find("dbt.adapters.factory:get_adapter")(self.config)
        known = {}
        for cte in model.extra_ctes:
            inner = manifest.nodes[cte.id]
            if not (inner.compiled is True and inner.extra_ctes_injected is True):
                inner = self._compile_code(inner, manifest, extra_context)
                self._recursively_prepend_ctes(inner, manifest, extra_context)
            name = getattr(inner, "cte_name", None) or inner.identifier
            known[self.add_ephemeral_prefix(name)] = _described(from_adapter, inner.compiled_code) or {}
        if model.resource_type == "operation" and _WITHOUT_ROWS.match(model.compiled_code):
            model.compiled_code = ""
        elif model.compiled_code.strip():
            written = translation.write(model.compiled_code, model.unique_id, from_adapter, known)
            declared = _declared(translation, model, written, from_adapter)
            model.compiled_code = _merged(translation, model, declared, from_adapter)
        return prepend(self, model, manifest, extra_context)

    return prepend_translated


def _declared(translation: Translation, model: Any, written: str, adapter: Any) -> str:
    """Return the rows of a model with an enforced contract in the types that it declares.

    As the warehouse does when it makes the table: its types are put into DuckDB's words, for dbt to compare, and a
    value of the declared type, but of other digits, becomes one of these.
    """
    contract = getattr(getattr(model, "config", None), "contract", None)
    if not getattr(contract, "enforced", False):
        return written
    wanted: dict[str, str] = {}
    for column in model.columns.values():
        found = write_type(str(column.data_type or ""), translation.dialect)
        if found is None:
            raise translation.refuse(model.unique_id, Unproven(f"a contract with the type {column.data_type}"))
        column.data_type = wanted[column.name.lower()] = found
    parts = []
    for name, kind in (_described(adapter, written) or {}).items():
        to = wanted.get(name.lower(), kind)
        is_same = is_one_type(kind, to, translation.dialect)
        parts.append(f'CAST("{name}" AS {to}) AS "{name}"' if is_same else f'"{name}"')
    return f"SELECT {', '.join(parts)} FROM ({written}) AS pipeproof_rows"  # noqa: S608


def _merged(translation: Translation, model: Any, written: str, adapter: Any) -> str:
    """Return the rows of an incremental model; two new ones of one key are refused where they would be merged."""
    config: Any = getattr(model, "config", None)
    if getattr(config, "materialized", None) != "incremental":
        return written
    strategy = config.get("incremental_strategy")
    if strategy not in _SAME_ROWS:
        raise translation.refuse(model.unique_id, Unproven(f"incremental_strategy {strategy}"))
    keys = config.get("unique_key")
    place = Name(str(model.database), str(model.schema), str(model.identifier))
    if not keys or strategy == "append" or _columns(adapter, place) is None:
        return written
    from pipeproof.sql.rewriting import refusing

    listed = ", ".join(f'"{key}"' for key in ([keys] if isinstance(keys, str) else keys))
    refusal = refusing("a merge of several new rows with one unique_key")
    return (
        f"SELECT * FROM ({written}) AS pipeproof_rows QUALIFY CASE WHEN count(*) OVER (PARTITION BY {listed}) > 1 "  # noqa: S608
        f"THEN CAST({refusal} AS BOOLEAN) ELSE TRUE END"
    )


def _prefixes(translation: Translation, find: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self: find(self) if _rendering.get() is None else translation.prefixes()


def _dispatch(translation: Translation, dispatch: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a macro that the warehouse's adapter has of its own, where that is not installed."""

    def dispatch_to_warehouse(self: Any, macro_name: str, *arguments: Any, **options: Any) -> Any:
        found = dispatch(self, macro_name, *arguments, **options)
        at = _rendering.get()
        macro = getattr(found, "macro", None)
        is_default = getattr(macro, "package_name", "") == "dbt" and getattr(macro, "name", "").startswith("default__")
        is_overridden = macro_name in _OVERRIDDEN.get(translation.dialect, "").split()
        if at and is_default and is_overridden and not adapter_packages(translation.dialect):
            why = f"dbt-{translation.dialect} has it, and is not installed; its macros alone are needed"
            raise translation.refuse(at, Unproven(f"the macro dbt.{macro_name}", why))
        return found

    return dispatch_to_warehouse


def _target(translation: Translation, make: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self: {**make(self), "type": translation.dialect}


def _execute(translation: Translation, execute: Callable[..., Any]) -> Callable[..., Any]:
    """Translate a query that is run while the project's text is rendered, and the texts of hooks."""

    def execute_translated(self: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        at = _rendering.get()
        if sql.strip() in translation.hooks:
            is_empty = _WITHOUT_ROWS.match(sql) is not None
            sql = "select 1" if is_empty else translation.write(sql, _current(self), self, {})
        elif at and translation.runs:
            sql = translation.write(sql, at, self, {})
        with _of(None):
            return execute(self, sql, *arguments, **options)

    return execute_translated


def _execute_macro(_translation: Translation, execute: Callable[..., Any]) -> Callable[..., Any]:
    def execute_for_duckdb(self: Any, *arguments: Any, **options: Any) -> Any:
        with _of(None):
            return execute(self, *arguments, **options)

    return execute_for_duckdb


def _render(translation: Translation, render: Callable[..., Any]) -> Callable[..., Any]:
    """What macros render of a node's configuration is the text of a hook."""

    def render_hook(string: str, context: Any, node: Any = None, *arguments: Any, **options: Any) -> Any:
        with _of(getattr(node, "unique_id", None) or ""):
            text = render(string, context, node, *arguments, **options)
        if isinstance(text, str) and text.strip():
            translation.hooks.add(text.strip())
        return text

    return render_hook


def _quote(translation: Translation, quote: Callable[..., Any]) -> Callable[..., Any]:
    """Quote a column as the warehouse has it, while the project's text is rendered."""

    def quote_for_warehouse(*given: Any) -> str:  # it is called on the class and on an adapter
        identifier = str(given[-1])
        if _rendering.get() is None:
            return str(quote(identifier))
        if translation.dialect in _BACKTICKS:
            return f"`{identifier}`"
        return f'"{identifier.upper() if translation.dialect == "snowflake" else identifier}"'

    return quote_for_warehouse


def _packages(translation: Translation, find: Callable[..., Any]) -> Callable[..., Any]:
    """Let dbt read the macros of the warehouse's adapter, where it is installed, after its own."""

    def with_warehouse(self: Any, name: Any) -> Any:
        found = adapter_packages(translation.dialect)
        self.packages.update(found)
        names = find(self, name)
        return [*names, *(package for package in found if package not in names)]

    return with_warehouse


_MAKES: Mapping[str, Callable[[Translation, Any], Any]] = {
    "dbt.compilation:Compiler._compile_code": _compile,
    "dbt.compilation:Compiler._recursively_prepend_ctes": _prepend,
    "dbt.context.providers:BaseDatabaseWrapper._get_adapter_macro_prefixes": _prefixes,
    "dbt.context.providers:BaseDatabaseWrapper.dispatch": _dispatch,
    "dbt.config.profile:Profile.to_target_dict": _target,
    "dbt.adapters.base.impl:BaseAdapter.execute": _execute,
    "dbt.adapters.base.impl:BaseAdapter.execute_macro": _execute_macro,
    "dbt.context.providers:get_rendered": _render,
    "dbt.adapters.sql.impl:SQLAdapter.quote": _quote,
    "dbt.adapters.factory:AdapterContainer.get_adapter_package_names": _packages,
}


@cache
def adapter_packages(dialect: str) -> Mapping[str, Path]:
    """Return the folders of the macros of a warehouse's adapter, by dbt's names; empty where it is not installed."""
    found = {}
    for name in _FAMILIES.get(dialect, (dialect,)):
        try:
            spec = find_spec(f"dbt.include.{name}")
        except ImportError:
            spec = None
        folders = list(spec.submodule_search_locations or ()) if spec is not None else []
        if folders and (Path(folders[0]) / "dbt_project.yml").is_file():
            found[f"dbt_{name}"] = Path(folders[0])
    return found if f"dbt_{dialect}" in found else {}


@contextmanager
def _of(unique_id: str | None) -> Iterator[None]:
    token = _rendering.set(unique_id)
    try:
        yield
    finally:
        _rendering.reset(token)


def _is_rows(node: Any) -> bool:
    """Return whether a node is made of the rows of a unit test, which dbt writes for DuckDB."""
    return "get_fixture_sql(" in str(getattr(node, "raw_code", ""))


def _current(adapter: Any) -> str:
    """Return the unique id of the node that a thread's connection is named after."""
    return str(adapter.connections.get_thread_connection().name or "")


def _cursor(adapter: Any) -> Any:
    return adapter.connections.get_thread_connection().handle.cursor()


def _columns(adapter: Any, name: Name) -> Mapping[str, str] | None:
    """Return the columns of a table or view with DuckDB's types."""
    text = ".".join('"' + part.replace('"', '""') + '"' for part in (name.catalog, name.schema, name.table) if part)
    return _described(adapter, f"SELECT * FROM {text}")  # noqa: S608


def _described(adapter: Any, query: str) -> Mapping[str, str] | None:
    """Return the columns that a query of DuckDB's has; None where it cannot be run."""
    import duckdb

    cursor = _cursor(adapter)
    try:
        cursor.execute(f"DESCRIBE {query}")
    except duckdb.CatalogException:
        return None
    return {str(row[0]): str(row[1]).strip('"') for row in cursor.fetchall()}  # of NULLs alone it is "NULL"


def _dbt_error(message: str) -> Exception:
    from dbt_common.exceptions import DbtRuntimeError

    return DbtRuntimeError(message)
