"""What is private in other people's libraries is listed, with what is lost without it, wherever it is touched."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from pipeproof.patching import Hook, Library

SOURCE = Path(__file__).parents[2] / "src" / "pipeproof"
LISTS = (
    "environments.aws.touched",
    "environments.dbt.in_process.touched",
    "environments.prefect.internals.touched",
    "plugin.touched",
    "sql.touched",
    "stepfunctions.moto_service",
)
DOCUMENTED = {"_exit", "_getframe", "_current_frames", "_replace"}
"""Python documents these."""

OWN = {"_located"}
"""Of a class of pipeproof's, in another module of its package."""
PRIVATE = re.compile(r"_[a-z]\w*")


def _listed() -> set[str]:
    names: set[str] = set()
    for module in LISTS:
        for listed in vars(import_module(f"pipeproof.{module}")).values():
            for hook in listed.hooks if isinstance(listed, Library) else [listed] if isinstance(listed, Hook) else ():
                names.update(part for name in hook.names for part in re.split(r"[.:]", name.place))
                names.update(hook.fields)
    return names


def _own(tree: ast.AST) -> set[str]:
    """What a module defines itself: its own classes may look at each other."""
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    attributes = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
    }
    return defined | attributes


def _touched(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) not in {"self", "cls"}:
            yield node.lineno, node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"getattr", "hasattr", "setattr", "vars"}:
            yield from ((node.lineno, str(each.value)) for each in node.args if isinstance(each, ast.Constant))
        elif isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith("pipeproof"):
            yield from ((node.lineno, part) for part in node.module.split("."))
            yield from ((node.lineno, alias.name) for alias in node.names)


def test_private_names_of_libraries__are_listed() -> None:
    listed, found = _listed() | DOCUMENTED | OWN, []
    for file in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        own = _own(tree)
        found += [
            f"{file}:{line}: {name}"
            for line, name in _touched(tree)
            if PRIVATE.fullmatch(name) and name not in listed and name not in own
        ]
    assert found == [], "list it in the library's `touched.py`, and use it as `patching/` says"
