"""The supervisor opens nothing by its path where the user's code can write: `untrusted` is the one way.

Read from the source: each call that opens, lists, makes or moves files stands in that module, or in the table below
with the reason why nobody else can have put anything there.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "pipeproof"

MODULES = [
    *(SOURCE / f"{name}.py" for name in ("main", "job", "trial", "reporting", "runner_files")),
    *(SOURCE / f"{name}.py" for name in ("suite", "access", "redaction", "events")),
    *(SOURCE / f"{name}.py" for name in ("commenting", "conclusion", "excuses", "history", "journal")),
    *(SOURCE / f"{name}.py" for name in ("killed_run", "merging")),
    *(file for room in ("sandbox", "github", "report", "results", "outlets", "credentials", "inputs")
      for file in sorted((SOURCE / room).rglob("*.py"))),
]  # fmt: skip

FORBIDDEN = {
    "open", "read_text", "read_bytes", "write_text", "write_bytes", "touch", "mkdir", "unlink", "rename", "renames",
    "rmdir", "symlink_to", "hardlink_to", "symlink", "link", "chmod", "chown", "lchown", "iterdir", "glob", "rglob",
    "walk", "fwalk", "listdir", "scandir", "makedirs", "removedirs", "mkfifo", "mkdtemp", "mkstemp",
    "TemporaryDirectory", "NamedTemporaryFile", "rmtree", "copy2", "copyfile", "copytree", "move",
}  # fmt: skip
"""Names of calls, whoever's they are."""

ALLOWED = {
    "main.py:_occupy_standard_streams": "the null device",
    "killed_run.py:finish_report": "a new folder, on the machine of whoever asks for the report",
    "merging.py:read_shards": "names alone, and no process of the user's runs in a job that merges",
    "reporting.py:place_report": "a new folder below one that only root can move",
    "reporting.py:publish": "a new folder below one that only root can move",
    "reporting.py:_files": "the same",
    "sandbox/identity.py:make_home": "in the folder of the run, before the first process of the user's",
    "sandbox/identity.py:give_folder": "in the folder of the run, which is the supervisor's",
    "sandbox/leftovers.py:children_of": "/proc",
    "sandbox/guard_word.py:take": "in the tests' process, a file of the supervisor's",
    "sandbox/process_guard.py:_read_program": "/proc",
    "sandbox/seccomp.py:read_descent": "/proc",
    "sandbox/seccomp.py:read_memory": "/proc",
    "sandbox/leftovers.py:_is_dead": "/proc",
    "sandbox/leftovers.py:_all_processes": "/proc",
    "sandbox/leftovers.py:_statuses": "/proc",
    "sandbox/leftovers.py:_name_of": "/proc",
    "github/checkout_token.py:_list_submodules": "names alone, and no link is followed",
    "github/file_commands.py:_folder_now": "makes missing folders where the runner named them; a link is refused after",
    "github/artifacts.py:_unpack": "a file of an archive in memory",
    "results/baseline.py:baseline_files": "names alone, before the first process of the user's",
    "results/ctrf.py:__init__": "the report is made in a folder of the supervisor's, and placed by descriptors",
    "results/junit.py:__init__": "the same",
    "results/junit.py:__exit__": "the same",
    "results/junit.py:end": "the same",
    "results/reading/ctrf.py:read_ctrf": "reports that whoever asks for one names, after all tests",
    "results/reading/junit.py:read_junit": "the same",
    "results/reading/reports.py:find_reports": "names alone",
    "results/reading/reports.py:_is_ctrf_of_others": "as read_junit",
    "results/reading/reports.py:is_junit": "the same",
    "results/reading/sources.py:_walk": "names alone, and no link is followed",
    "report/files.py:write_text": "the report is made in a folder of the supervisor's",
    "report/page/document.py:_file": "a file of pipeproof's own",
    "reporting.py:write_statement": "as write_text",
    "reporting.py:write_cobertura": "the same",
    "credentials/audit.py:write": "the same",
    "credentials/files.py:write_private": "in a folder of the supervisor's",
    "credentials/registry.py:_make_directory": "in a folder of the supervisor's",
}
"""Functions that may, each with why nobody else can have put anything where they do."""


def _calls(file: Path) -> Iterator[tuple[str, int, str]]:
    """The forbidden calls of a module: the function that they stand in, the line, and the call."""
    where = file.relative_to(SOURCE).as_posix()

    def search(node: ast.AST, function: str) -> Iterator[tuple[str, int, str]]:
        for child in ast.iter_child_nodes(node):
            inner = child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else function
            if isinstance(child, ast.Call) and _is_forbidden(child):
                yield f"{where}:{inner}", child.lineno, ast.unparse(child)
            yield from search(child, inner)

    yield from search(ast.parse(file.read_text(encoding="utf-8")), "<module>")


def _is_forbidden(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Attribute):
        # `Path.replace` takes one value, `str.replace` two.
        moves = call.func.attr == "replace" and len(call.args) == 1 and not call.keywords
        return moves or (call.func.attr in FORBIDDEN and ast.unparse(call.func) not in HELD)
    return isinstance(call.func, ast.Name) and call.func.id in FORBIDDEN - {"read_text"}  # that one is `untrusted`'s


HELD = {"folder.open", "report.open", "gzip.open"}
"""Calls on what `untrusted` gives."""


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_supervisor__opens_no_file_by_its_path(file: Path) -> None:
    found = [
        f"{SOURCE / where.split(':')[0]}:{line}: {call}" for where, line, call in _calls(file) if where not in ALLOWED
    ]
    assert found == [], "open it by pipeproof.untrusted, or write down above why nobody else can have been there"


def test_supervisor__each_exception_is_needed() -> None:
    assert ALLOWED.keys() - {where for file in MODULES for where, _, _ in _calls(file)} == set()
