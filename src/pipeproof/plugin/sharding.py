"""Sharding: run one part of the suite, so that several jobs share it.

The tests that `-k`, `-m` and the arguments select are divided, so each job has to be given the same of these. What
was divided is kept for the report: where it differs between jobs, `pipeproof merge` says so.

PYTEST_DONT_REWRITE
"""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import pytest

from pipeproof.errors import InputError
from pipeproof.plugin.dbt_tests import DbtTestItem
from pipeproof.plugin.touched import SCOPES
from pipeproof.sharding import partition

SUITE = pytest.StashKey[list[str]]()
"""The node ids of the whole suite, in its order, where this run is a shard of it."""

WORKER_SUITE = "pipeproof_suite"
"""The same among what an xdist worker gives its controller at its end."""

_OTHERS = ("_pytest.", "anyio.", "pytest_", "xdist.")
"""Whose fixtures of the session cost nothing that is worth keeping tests together for."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; a shard in the ini file would leave tests out for everybody, so there is none."""
    group = parser.getgroup("pipeproof")
    group.addoption("--pipeproof-shard", metavar="INDEX/TOTAL", help="run this part of the suite, as in 2/5")
    durations = "balance shards by the durations in this report.json, or folder of them"
    group.addoption("--pipeproof-durations", metavar="PATH", help=durations)
    parser.addini("pipeproof_durations", f"{durations}, from the root", default="")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of this shard, in their order."""
    shard = config.getoption("--pipeproof-shard")
    if not shard:
        return
    index, total = _parse(shard)
    suite = [item.nodeid for item in items]
    config.stash[SUITE] = suite
    if hasattr(config, "workeroutput"):
        config.workeroutput[WORKER_SUITE] = suite
    chosen = partition(find_shared(items), _durations(config), total)[index - 1]
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
    items[:] = [item for item in items if item.nodeid in chosen]


def pytest_report_collectionfinish(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    """Say how much of the suite is run."""
    suite = config.stash.get(SUITE, None)
    return (
        [] if suite is None else [f"shard {config.getoption('--pipeproof-shard')}: {len(items)} of {len(suite)} tests"]
    )


def find_shared(items: Sequence[pytest.Item]) -> dict[str, tuple[str, ...]]:
    """Return what each test shares with others: fixtures of the session, and the package, module and class of others.

    Fixtures of the session that all tests have are left out: each shard has them anyway.
    """
    found = {item.nodeid: _shared(item) for item in sorted(items, key=lambda item: item.nodeid)}
    everywhere = frozenset.intersection(*(session for session, _ in found.values())) if found else frozenset()
    return {test: (" ".join(sorted(session - everywhere)), *rest) for test, (session, rest) in found.items()}


def _shared(item: pytest.Item) -> tuple[frozenset[str], tuple[str, str, str]]:
    """Return the names of the session's fixtures, and the package, module and class that have fixtures of their own."""
    if isinstance(item, DbtTestItem):
        return frozenset({"_dbt_project"}), ("", "", "")
    scopes = dict(_scopes(item))
    file = item.nodeid.partition("::")[0]
    class_ = item.getparent(pytest.Class)
    group = item.get_closest_marker("xdist_group")
    named = {f"group {value}" for value in (*group.args, *group.kwargs.values())} if group else set()
    used = set(scopes.values())
    return frozenset({name for name, scope in scopes.items() if scope == "session"} | named), (
        str(PurePosixPath(file).parent) if "package" in used else "",
        file if "module" in used else "",
        class_.nodeid if class_ is not None and "class" in used else "",
    )


def _scopes(item: pytest.Item) -> Iterator[tuple[str, str]]:
    """Yield the fixtures of a test that outlive it, each with its scope; where pytest does not say, the module has."""

    def read() -> list[tuple[str, str]]:
        definitions = item._fixtureinfo.name2fixturedefs if hasattr(item, "_fixtureinfo") else {}  # noqa: SLF001
        used = ((name, definitions[name][-1]) for name in getattr(item, "fixturenames", ()) if definitions.get(name))
        return [
            (name, definition.scope)
            for name, definition in used
            if definition.scope != "function"
            and not (definition.scope == "session" and str(definition.func.__module__).startswith(_OTHERS))
        ]

    yield from SCOPES.read(read, [("", "module")])


def _durations(config: pytest.Config) -> dict[str, float]:
    given, ini = config.getoption("--pipeproof-durations"), config.getini("pipeproof_durations")
    if given:
        return read_durations(config.invocation_params.dir / given)
    return read_durations(config.rootpath / ini) if ini else {}


def read_durations(path: Path) -> dict[str, float]:
    """Read the seconds that each test took from a `report.json`, or a folder of them.

    Raises:
        pytest.UsageError: where it cannot be read as one.
    """
    from pipeproof.results.baseline import read_baseline

    try:
        return {test: earlier.duration for test, earlier in read_baseline(path).items()}
    except InputError as error:
        raise pytest.UsageError(f"--pipeproof-durations: {error}") from error


def _parse(shard: str) -> tuple[int, int]:
    index, _, total = shard.partition("/")
    if not (index.isdecimal() and total.isdecimal() and 1 <= int(index) <= int(total)):
        raise pytest.UsageError(f"--pipeproof-shard: {shard!r} is not INDEX/TOTAL, as in 2/5")
    return int(index), int(total)
