"""A run with `pipeproof run` beside plain `pytest`: 1, 1,000 and 20,000 trivial tests.

Run it as `python benchmarks/bench_overhead.py [rounds]`. Medians in seconds of time, and of the processor for all
processes; the two take turns. Each line has its aim.
Then: the time and memory that the supervisor needs to collect and to report 150,000 tests, 5,000 of which fail.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = {1: 7, 1_000: 5, 20_000: 1}
AIMS = {1: "under 0.25 s", 1_000: "under 0.3 s", 20_000: "under 4 %"}
PIPEPROOF = [sys.executable, "-I", "-m", "pipeproof", "run", "--install", "none", "--pytest-args", " -q"]
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:pipeproof", "-q"]


def write_suite(folder: Path, tests: int) -> None:
    """Write trivial tests, a thousand a file."""
    for number in range(0, tests, 1000):
        count = min(1000, tests - number)
        text = "".join(f"def test_{test}():\n    pass\n\n\n" for test in range(count))
        (folder / f"test_{number // 1000}.py").write_text(text)


def seconds(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command; its seconds, and those of the processor."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, used


def compare_runs(tests: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_suite(folder, tests)
        plain, ours = [], []
        for _ in range(rounds + 1):  # the first one warms the caches up
            plain.append(seconds(PYTEST, folder))
            ours.append(seconds(PIPEPROOF, folder))
    (before, before_used), (after, after_used) = (
        [statistics.median(column) for column in zip(*runs[1:], strict=True)] for runs in (plain, ours)
    )
    print(
        f"{tests:>7,} {before:>9.2f} {after:>12.2f} {after - before:>+11.2f} {(after / before - 1) * 100:>+6.1f} % "
        f"{after_used - before_used:>+12.2f}   {AIMS[tests]}"
    )


def report_many(tests: int, failing: int) -> None:
    """Feed the supervisor the events of a large run, as they come out of the pipe, and write the report."""
    from pipeproof.events import EventReader
    from pipeproof.report.annotations import annotations
    from pipeproof.report.files import write_text
    from pipeproof.report.summary import Links, render_summary
    from pipeproof.results.collector import Collector
    from pipeproof.results.ctrf import write_ctrf
    from pipeproof.results.junit import write_junit

    start = time.perf_counter()
    trace = "def test():\n>       assert order == expected\nE       AssertionError: one order is missing\n" * 20
    failure = f'{{"type":"AssertionError","message":"{"x" * 300}","traceback":{trace!r},"file":"test_1.py","line":3}}'
    failure = failure.replace("'", '"')
    with tempfile.TemporaryDirectory() as name:
        collector, reader = Collector(Path(name)), EventReader()
        for number in range(tests):
            lines = [f'{{"event":"start","id":"test_1.py::test_{number}","at":1.0,"file":"test_1.py","line":1}}']
            for when in ("setup", "call", "teardown"):
                outcome = f'"failed","failure":{failure}' if when == "call" and number < failing else '"passed"'
                lines.append(
                    f'{{"event":"phase","id":"test_1.py::test_{number}","when":"{when}","outcome":{outcome},'
                    '"duration":0.001,"at":1.0}'
                )
            for event in reader.feed("".join(f"{line}\n" for line in lines).encode()):
                collector.take(event)
        run = collector.finish(ended_by=None, cancelled=False, started=1.0, duration=150.0)
        collected = time.perf_counter() - start
        summary = render_summary(run, "Many", Links())
        annotations(run, "all")
        write_ctrf(run, Path(name) / "report.json", "Many")
        write_junit(run, Path(name) / "junit.xml", "Many")
        write_text(Path(name) / "summary.md", summary)
        written = time.perf_counter() - start - collected
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{tests:,} tests, {failing:,} of which fail: events {collected:.1f} s, report {written:.1f} s, "
        f"summary {len(summary.encode()):,} bytes, {memory:.0f} MiB at most"
    )


def main() -> None:
    for name in ("GITHUB_ACTIONS", "PYTHONDONTWRITEBYTECODE"):  # with the second each process compiles all anew
        os.environ.pop(name, None)
    print(f"{'tests':>7} {'pytest, s':>9} {'pipeproof, s':>12} {'overhead, s':>11} {'':>8} {'processor, s':>12}   aim")
    for tests, rounds in SIZES.items():
        compare_runs(tests, int(sys.argv[1]) if len(sys.argv) > 1 else rounds)
    report_many(150_000, 5_000)


if __name__ == "__main__":
    main()
