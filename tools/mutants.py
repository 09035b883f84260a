"""Breaks the code in small ways and counts what the unit tests notice: `make mutants SAMPLE=200`.

mutmut makes the mutants; `[tool.mutmut]` in pyproject.toml says of what, and which tests run: none needs a recording.
The tests are collected and run once, which tells the functions that each of them runs. Then each mutant of a random
sample, the same one for the same code and seed, runs the tests of its function in a child of this process, without what
caches have kept. A function that runs at import (it makes a table, say) has a new process for each mutant.

Printed: what survives (`mutmut show NAME` prints the change), and at the end the score, the share that was noticed.

    python tools/mutants.py SAMPLE [SEED] [PATTERN]     the pattern as in fnmatch: "*intrinsic_functions*"
"""

import gc
import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import lru_cache, partial, wraps
from pathlib import Path
from typing import Any, ClassVar

import pytest
from _pytest.runner import runtestprotocol
from mutmut import __main__ as mutmut
from mutmut.configuration import config
from mutmut.mutation import trampoline

ROOT = Path(__file__).resolve().parents[1]
JOBS = 2
SLACK = 5
"""What takes so many seconds of the processor's more than three times as long as without the mutant runs for ever."""
CACHE = type(lru_cache(repr))
STACK = 5000
"""Each call of a function that has mutants takes three frames instead of one."""


def main(size: int, seed: int = 0, pattern: str = "*") -> int:
    """Try a sample; 0 when it was tried, whatever the score."""
    os.chdir(ROOT)
    os.environ["PIPEPROOF_ASL_CASES"] = os.devnull
    sys.setrecursionlimit(STACK)
    make_mutants()
    names = sorted(name for name in mutants() if fnmatch(name, pattern))
    if not names:
        print(f"no mutant is named {pattern}", file=sys.stderr)
        return 1
    sample = random.Random(seed).sample(names, min(size, len(names)))  # noqa: S311 - no secret
    os.chdir(ROOT / "mutants")
    trampoline.wrap_in_trampoline = switched
    trials = Trials(sample)
    code = pytest.main(arguments(), plugins=[trials])
    if len(trials.noticed) < len(sample):
        print("the tests cannot be collected, see above", file=sys.stderr)
        return int(code) or 1
    say(sample, trials, len(names))
    return 0


def make_mutants() -> None:
    """Write the copy of the code that has the mutants, and look for it there from now on."""
    trampoline.set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir(exist_ok=True)
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(JOBS)


def mutants() -> Iterator[str]:
    """Return the names of all mutants, as mutmut keeps them beside the copy."""
    for file in (ROOT / "mutants").rglob("*.meta"):
        yield from json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]


def arguments() -> list[str]:
    """Return how pytest is called."""
    settings = config()
    return ["-q", "--rootdir=.", *settings.pytest_add_cli_args, *settings.pytest_add_cli_args_test_selection]


class Switch:
    """What a function with mutants does: the function itself, or the mutant that is under test.

    It takes the place of mutmut's own, which looks into the environment at each call: the tests run ten times as fast.

    Attributes:
        ran: Names of the functions that have run since the set was emptied.
        known: All switches by their functions' names.
    """

    ran: ClassVar[set[str]] = set()
    known: ClassVar[dict[str, "Switch"]] = {}

    def __init__(self, versions: dict[str, Callable[..., Any]], function: Callable[..., Any], of_class: bool) -> None:
        self.versions = versions  # filled after the function's definition
        self.module = function.__module__
        self.of_class = of_class
        self.name = ""
        self.chosen: Callable[..., Any] | None = None

    def choose(self, version: str) -> None:
        """Take a version: `_mutmut_orig`, or a mutant's name."""
        self.chosen = self.versions[version]

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Call the chosen version."""
        if self.chosen is None:
            self.choose("_mutmut_orig")
            self.name = f"{self.module}.{self.chosen.__name__.removesuffix('__mutmut_orig')}"
            self.known[self.name] = self
        self.ran.add(self.name)
        if self.of_class:
            return getattr(given[0], self.chosen.__name__)(*given[1:], **named)
        return self.chosen(*given, **named)


def switched(versions: dict[str, Callable[..., Any]], is_classmethod: bool = False) -> Callable[[Any], Any]:
    """Return the decorator that mutmut puts on each function with mutants."""

    def decorate(function: Any) -> Any:
        switch = Switch(versions, function, is_classmethod)

        @wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            return switch(*given, **named)

        return call

    return decorate


class Trials:
    """A plugin of pytest that runs the tests of each mutant.

    Attributes:
        noticed: Whether a test failed or none ended, by the mutant's name.
        untested: Mutants whose function no test runs.
    """

    def __init__(self, sample: list[str]) -> None:
        self.sample = sample
        self.noticed: dict[str, bool] = {}
        self.untested: set[str] = set()
        self.running: dict[int, str] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Learn which tests run which function, then try each mutant."""
        at_import = set(Switch.ran)
        self.caches = [each for each in gc.get_objects() if isinstance(each, CACHE) and is_ours(each)]
        tests: dict[str, list[pytest.Item]] = defaultdict(list)
        taken: dict[pytest.Item, float] = {}
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            Switch.ran.clear()
            before = time.process_time()
            if why := self.failures(item, following):
                print("left out, as it fails without a mutant:", item.nodeid, *why, sep="\n", flush=True)
                continue
            taken[item] = time.process_time() - before
            for function in Switch.ran:
                tests[function].append(item)
        for name in self.sample:
            function = name.partition("__mutmut_")[0]
            items = tests[function]
            if function in at_import:
                self.start(name, partial(run_anew, name), sum(taken.values()))
            elif items:
                self.start(name, partial(self.run, name, items), sum(map(taken.__getitem__, items)))
            else:
                self.untested.add(name)
                self.note(name, False)
        while self.running:
            self.wait()
        return True

    def failures(self, item: pytest.Item, following: pytest.Item | None) -> list[str]:
        """Run a test, and return why it fails; caches would hide what it would do."""
        for cache in self.caches:
            cache.cache_clear()
        reports = runtestprotocol(item, nextitem=following, log=False)
        return [report.longreprtext for report in reports if report.failed]

    def run(self, name: str, items: list[pytest.Item]) -> int:
        """Run a mutant's tests; 1 when one fails."""
        Switch.known[name.partition("__mutmut_")[0]].choose(name.rpartition(".")[2])
        return int(any(map(self.failures, items, [*items[1:], None])))

    def start(self, name: str, work: Callable[[], int], seconds: float) -> None:
        """Do work, which takes so many seconds, in a child; wait where enough are running."""
        while len(self.running) >= JOBS:
            self.wait()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                limit = int(SLACK + 3 * seconds)
                resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
                signal.alarm(100 * limit)  # for what waits for ever
                silence = os.open(os.devnull, os.O_RDWR)
                for descriptor in (0, 1, 2):
                    os.dup2(silence, descriptor)
                code = work()
            finally:
                os._exit(code)
        self.running[child] = name

    def wait(self) -> None:
        """Wait until one has ended, and note how."""
        child, status = os.waitpid(-1, 0)
        if child in self.running:
            self.note(self.running.pop(child), status != 0)

    def note(self, name: str, noticed: bool) -> None:
        """Keep what became of a mutant, and print it if none has noticed."""
        self.noticed[name] = noticed
        if not noticed:
            print("untested" if name in self.untested else "survived", name, f"({len(self.noticed)} tried)", flush=True)


def is_ours(cache: Any) -> bool:
    """Whether it keeps what a function of the code gives."""
    file = getattr(sys.modules.get(cache.__module__), "__file__", None)
    return file is not None and (ROOT / "mutants" / "src") in Path(file).parents


def run_anew(name: str) -> int:
    """Run all tests in a process that imports with the mutant; 0 when they pass."""
    environment = os.environ | {"MUTANT_UNDER_TEST": name, "PYTHONPATH": str(ROOT / "mutants" / "src")}
    program = f"import sys, pytest; sys.setrecursionlimit({STACK}); sys.exit(pytest.main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "-x", *arguments()]
    return subprocess.run(command, env=environment, check=False).returncode


def say(sample: list[str], trials: Trials, total: int) -> None:
    """Print what came out of a sample."""
    survivors = [name for name in sample if not trials.noticed[name]]
    by_package = Counter(map(package, survivors))
    for each, count in by_package.most_common():
        print(f"{count:4} of {sum(map(each.__eq__, map(package, sample)))} survive in {each}")
    noticed = len(sample) - len(survivors)
    print(f"score {100 * noticed / len(sample):.0f} %: {noticed} of {len(sample)} noticed; there are {total} mutants")


def package(name: str) -> str:
    """Return the package of a mutant's module."""
    return name.partition(".x")[0].rpartition(".")[0]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *map(int, sys.argv[2:3]), *sys.argv[3:4]))
