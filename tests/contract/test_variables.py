"""The environment: one module reads it, one table has pipeproof's own variables, and the reference shows that table."""

import ast
import re
from pathlib import Path

import pytest

from pipeproof.variables import TO_BE_SET

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "pipeproof"
MODULES = {str(path.relative_to(SOURCE)): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")}
READERS = {"environ.py", "cli.py"}
"""`environ` reads the process's environment for all others; `cli` hands it to `main`."""


def test_environment__is_read_by_one_module() -> None:
    assert {name for name, tree in MODULES.items() if _reads_environment(tree)} == READERS


def _reads_environment(tree: ast.Module) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and node.attr in {"environ", "environb", "getenv", "putenv"} and _is_os(node))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {name.name for name in node.names} & {"environ"}
        )
        for node in ast.walk(tree)
    )


def _is_os(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "os"


def test_variables__are_named_in_one_table() -> None:
    named = {
        name
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and re.fullmatch(r"PIPEPROOF_[A-Z_]*[A-Z]", str(node.value))
    }
    assert named == {"variables.py"}


@pytest.mark.parametrize("name", TO_BE_SET)
def test_reference__has_each_variable_as_it_is(name: str) -> None:
    text = (ROOT / "docs/reference/variables.md").read_text(encoding="utf-8")
    row = next((line for line in text.splitlines() if line.startswith(f"| `{name}` |")), "")
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[-2:] == [TO_BE_SET[name].meaning, ""]
    assert cells[-3] in {f"`{TO_BE_SET[name].default}`", TO_BE_SET[name].default, "(found)"}


def test_reference__has_no_other_variable() -> None:
    text = (ROOT / "docs/reference/variables.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(PIPEPROOF_\w+)`", text, re.MULTILINE)) == set(TO_BE_SET)
