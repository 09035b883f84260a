"""The parsing of a project: which of the environment's variables it looks at, and what is kept for the next one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from pipeproof.environments.dbt.in_process.patches.patching import replace


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
        replaced = replace("dbt_common.context:InvocationContext.env", lambda held: _note_looks(held, looked))
        if replaced is not None:
            stack.enter_context(replaced)
        try:
            from dbt_common.tests import disable_test_caching, enable_test_caching
        except ImportError:
            yield looked
            return
        if _process.parsed:
            enable_test_caching()
        try:
            yield looked
        finally:
            disable_test_caching()
            _process.parsed = True


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
        context._env = _Noting(found)  # noqa: SLF001
        context._env.looked = looked  # noqa: SLF001
        return context._env  # noqa: SLF001

    return property(env)
