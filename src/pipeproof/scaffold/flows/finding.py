"""The flows of a project and the tasks that they call, read from the source: nothing is imported for that."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath

_LIBRARIES = """
    aiobotocore aiohttp asyncpg awswrangler azure boto3 botocore clickhouse_connect confluent_kafka databricks dbt dlt
    duckdb fsspec ftplib gcsfs google httpx kafka oracledb paramiko psycopg psycopg2 pymongo pymysql pyodbc
    redis requests s3fs shutil slack_sdk smtplib snowflake socket sqlalchemy sqlite3 subprocess tempfile urllib urllib3
"""
_CALLS = """
    open read_text write_text read_bytes write_bytes unlink mkdir rmdir touch system read_csv read_parquet read_excel
    read_json to_csv to_parquet to_sql read_sql to_excel to_json load aload save remove rename
"""
_OUTSIDE = frozenset(_LIBRARIES.split())
_OUTSIDE_CALLS = frozenset(_CALLS.split())
"""Methods and functions that read or write what is not in the process: files, blocks, databases."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function: its annotation as it stands in the source, `None` without one."""

    name: str
    annotation: str | None
    required: bool


@dataclass(frozen=True, slots=True)
class TaskSource:
    """A task that a flow calls.

    Attributes:
        reference: How the flow's module names it: `fetch`, `tasks.fetch`.
        name: The task's name, as Prefect's results have it.
        outside: Whether what it does reaches out of the process.
        returns: The annotation of what it returns, `None` without one.
        silent: Whether it returns nothing.
        is_async: Whether it is a coroutine function.
    """

    reference: str
    name: str
    parameters: tuple[Parameter, ...]
    outside: bool
    returns: str | None
    silent: bool
    is_async: bool


@dataclass(frozen=True, slots=True)
class FlowSource:
    """A flow.

    Attributes:
        root: The folder that has to be importable, relative to the project.
        module: The module's dotted name.
        function: The function's name.
        outside: The line on which its own body reaches out of the process, if it does.
    """

    file: PurePath
    line: int
    root: PurePath
    module: str
    function: str
    parameters: tuple[Parameter, ...]
    tasks: tuple[TaskSource, ...]
    outside: int | None
    is_async: bool


Function = ast.FunctionDef | ast.AsyncFunctionDef


def find_flows(project: Path, files: Iterable[Path]) -> list[FlowSource]:
    """Return the flows in some Python files of a project, by file and line."""
    modules = {module.name: module for file in files if (module := _parse(project, file))}
    return [
        _flow(project, module, function, modules)
        for module in modules.values()
        for function in module.functions.values()
        if module.decorated(function, "flow")
    ]


class _Module:
    """A module's source, and what its names stand for."""

    def __init__(self, file: Path, root: Path, name: str, tree: ast.Module) -> None:
        self.file, self.root, self.name, self.tree = file, root, name, tree

    @cached_property
    def functions(self) -> dict[str, Function]:
        return {node.name: node for node in self.tree.body if isinstance(node, Function)}

    @cached_property
    def imported(self) -> dict[str, str]:
        """What each imported name stands for, dotted."""
        found: dict[str, str] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.split(".")[0]
                    found[alias.asname or top] = alias.name if alias.asname else top
            elif isinstance(node, ast.ImportFrom):
                package = self.name.rsplit(".", node.level)[0] if node.level else ""
                base = ".".join(part for part in (package, node.module or "") if part)
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{base}.{alias.name}"
        return found

    def decorated(self, function: Function, kind: str) -> bool:
        """Return whether Prefect's decorator `flow` or `task` is on a function."""
        for decorator in function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self.stands_for(called) in (f"prefect.{kind}", f"prefect.{kind}s.{kind}"):
                return True
        return False

    def stands_for(self, node: ast.expr) -> str:
        """Return the dotted name behind an expression: `tasks.fetch` is `shop.tasks.fetch`."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, f"{self.name}.{node.id}")
        if isinstance(node, ast.Attribute):
            return f"{self.stands_for(node.value)}.{node.attr}"
        return ""


def _parse(project: Path, file: Path) -> _Module | None:
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SyntaxError):
        return None
    root = file.parent
    while (root / "__init__.py").is_file() and root != project:
        root = root.parent
    parts = file.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return _Module(file, root, name, tree) if name else None


def _flow(project: Path, module: _Module, function: Function, modules: Mapping[str, _Module]) -> FlowSource:
    return FlowSource(
        module.file.relative_to(project),
        function.lineno,
        module.root.relative_to(project),
        module.name,
        function.name,
        tuple(_parameters(function)),
        tuple(_tasks(module, function, modules)),
        _reaches_out(module, function, modules),
        isinstance(function, ast.AsyncFunctionDef),
    )


def _parameters(function: Function) -> Iterator[Parameter]:
    given = [*function.args.posonlyargs, *function.args.args]
    optional = len(function.args.defaults)
    for place, argument in enumerate(given):
        yield Parameter(argument.arg, _text(argument.annotation), place < len(given) - optional)
    for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True):
        yield Parameter(argument.arg, _text(argument.annotation), default is None)


def _text(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node) if node is not None else None


def _tasks(module: _Module, function: Function, modules: Mapping[str, _Module]) -> Iterator[TaskSource]:
    seen: set[str] = set()
    for node in ast.walk(function):
        if not isinstance(node, ast.Name | ast.Attribute):
            continue
        home, _, name = module.stands_for(node).rpartition(".")
        owner = modules.get(home)
        task = owner.functions.get(name) if owner else None
        if owner is None or task is None or not owner.decorated(task, "task") or ast.unparse(node) in seen:
            continue
        seen.add(ast.unparse(node))
        yield TaskSource(
            ast.unparse(node),
            _name_of(task),
            tuple(_parameters(task)),
            _reaches_out(owner, task, modules) is not None,
            _text(task.returns),
            _is_silent(task),
            isinstance(task, ast.AsyncFunctionDef),
        )


def _name_of(function: Function) -> str:
    """Return the name that a decorator gives, else the function's."""
    for decorator in function.decorator_list:
        for keyword in decorator.keywords if isinstance(decorator, ast.Call) else ():
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
    return function.name


def _is_silent(function: Function) -> bool:
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    return not returned and not any(isinstance(node, ast.Yield | ast.YieldFrom) for node in ast.walk(function))


def _reaches_out(
    module: _Module, function: Function, modules: Mapping[str, _Module], seen: frozenset[str] = frozenset()
) -> int | None:
    """Return the line on which a function, or a plain one that it calls, uses what is outside of the process."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name | ast.Attribute):
            dotted = module.stands_for(node)
            if dotted.split(".")[0] in _OUTSIDE or dotted.startswith("prefect_"):
                return node.lineno
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in _OUTSIDE_CALLS:
            return node.lineno
        home, _, name = module.stands_for(node.func).rpartition(".")
        owner = modules.get(home)
        inner = owner.functions.get(name) if owner else None
        dotted = f"{home}.{name}"
        plain = owner and inner and dotted not in seen and not owner.decorated(inner, "task")
        if owner and inner and plain and _reaches_out(owner, inner, modules, seen | {dotted}) is not None:
            return node.lineno
    return None
