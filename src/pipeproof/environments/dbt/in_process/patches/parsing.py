"""The parsing of a project: which of the environment's variables it looks at, and what is kept for the next one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from pipeproof import environ
from pipeproof.environments.dbt.in_process.touched import LOOKS, TREES


@dataclass
class _Process:
    """This process; `parsed` says whether it has parsed a project."""

    parsed: bool = False


_process = _Process()


@contextmanager
def parsing() -> Iterator[set[str]]:
    """Note the environment's variables that dbt looks at while it parses a project.

    And let it keep the syntax trees of its own macros, which are most of what it parses. Not for the first project of a
    process: most sessions parse one, with one set of variables, and need no more memory.
    """
    looked: set[str] = set()
    with ExitStack() as stack:
        noting = {"dbt_common.context:InvocationContext.env": lambda held: _note_looks(held, looked)}
        if not LOOKS.enter(stack, noting):
            looked.update(_all_names())
        if _process.parsed:
            TREES.enter(stack, _trees_kept)
        try:
            yield looked
        finally:
            _process.parsed = True
            if not LOOKS.at_work:  # found changed meanwhile
                looked.update(_all_names())


@contextmanager
def _trees_kept() -> Iterator[None]:
    enable = TREES.find("dbt_common.tests:enable_test_caching")
    disable = TREES.find("dbt_common.tests:disable_test_caching")
    enable()
    try:
        yield
    finally:
        disable()


def _all_names() -> set[str]:
    """Return all variables, save for those that change from test to test."""
    return {*environ.everything()} - {"PYTEST_CURRENT_TEST"}


class _Noting(dict[str, str]):
    """An environment that notes which of its variables somebody asks for, also in vain."""

    looked: set[str]

    def __contains__(self, name: object) -> bool:
        self.looked.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> str:
        self.looked.add(name)
        return super().__getitem__(name)


def _note_looks(environment: Any, looked: set[str]) -> Any:
    """Note what is asked of the environment that dbt has copied for one invocation."""

    def env(context: Any) -> Any:
        found = environment.fget(context)
        if type(found) is not dict:
            return found
        noting = _Noting(found)
        noting.looked = looked
        with LOOKS.tolerated():
            context._env = noting  # noqa: SLF001
        return noting

    return property(env)
