"""`pipeproof report` of a JUnit file of 150,000 tests, beside junitparser on lxml; and the report of an own run.

Run it as `python benchmarks/bench_report.py [tests]`. A tenth of the tests fails, with a traceback and output.
The other side is what EnricoMi's action does before it reports: the tree is parsed by lxml, junitparser walks it, and a
record of each test is kept; it is installed into a virtual environment of its own. Ours reads the file and writes the
whole report. Both are processes that are started anew; seconds (of the clock, and of the processor) are the median of
the rounds, memory is the most that was resident. The aims: half of the time, a quarter of the memory; and less than a
second for the report of an own run of 20,000 tests.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3
TRACE = "".join(
    f"    def test_late(orders):\n        total = sum(order.price for order in orders[{number}:])\n"
    f"&gt;       assert total == {number}.0\nE       assert 3.5 == {number}.0\n\n"
    f"tests/orders/test_prices.py:{number}: \n"
    for number in range(1, 9)
)
OUTPUT = "".join(f"2026-01-01 12:00:00 INFO  orders: order {number} of 500 was read\n" for number in range(40))
THEIRS = """
import resource, sys, time
from dataclasses import dataclass
import lxml.etree
from junitparser import JUnitXml, TestCase, TestSuite
import junitparser.junitparser
assert junitparser.junitparser.etree is lxml.etree

@dataclass(frozen=True)
class Case:
    file: object; line: object; classname: object; name: object; result: object
    message: object; content: object; stdout: object; stderr: object; time: object

def cases_of(suite):
    inner = [case for one in suite.iterchildren(TestSuite) for case in cases_of(one)]
    return inner + list(suite.iterchildren(TestCase))

tree = lxml.etree.parse(sys.argv[1], lxml.etree.XMLParser(huge_tree=True))
cases = [
    Case(
        case._elem.get("file"), case._elem.get("line"), case.classname, case.name,
        results[0]._tag if results else "success",
        "\\n".join(one.message for one in results if one.message) or None,
        "\\n".join(one.text for one in results if one.text) or None,
        case.system_out, case.system_err, case.time,
    )
    for suite in JUnitXml.fromroot(tree.getroot())
    for case in cases_of(suite)
    for results in [case.result]
]
print(len(cases), sum(case.result != "success" for case in cases), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
OURS = """
import resource, sys
from pipeproof.cli import main
code = main(["report", sys.argv[1], "--directory", sys.argv[2]])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def write_junit(path: Path, tests: int) -> None:
    """Write a JUnit file as pytest does; a tenth of its tests fails."""
    with path.open("w", encoding="utf-8") as file:
        file.write("<?xml version='1.0' encoding='utf-8'?><testsuites name='pytest tests'><testsuite name='pytest' ")
        file.write(f"errors='0' failures='{tests // 10}' skipped='0' tests='{tests}' time='150.0'>")
        for number in range(tests):
            file.write(
                f'<testcase classname="tests.orders.test_prices_{number // 1000}.TestPrices" '
                f'name="test_price_{number % 1000}[EUR-{number}]" time="0.001">'
            )
            if number % 10 == 0:
                message = f"AssertionError: assert 3.5 == {number}.0"
                file.write(
                    f'<failure message="{message}">{TRACE}'
                    f"tests/orders/test_prices_{number // 1000}.py:12: AssertionError</failure>"
                )
                file.write(f"<system-out>{OUTPUT}</system-out>")
            file.write("</testcase>")
        file.write("</testsuite></testsuites>\n")


def install_theirs(folder: Path) -> Path:
    """Make a virtual environment with what EnricoMi's action reads with; give its interpreter."""
    python = folder / "bin" / "python"
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), "junitparser", "lxml"], check=True)
    return python


def measure(command: list[str]) -> tuple[float, float, float]:
    """Run a process; give its seconds of the clock and of the processor, and the MiB that it had at most."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    words = (done.stderr or done.stdout).strip().splitlines()[-1]
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, used, int(words.split()[-1]) / 1024


def compare_reports(tests: int) -> None:
    """Take turns; print both, and the quotients."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, workspace, script, ours_script = (
            folder / "junit.xml",
            folder / "workspace",
            folder / "theirs.py",
            folder / "ours.py",
        )
        workspace.mkdir()
        write_junit(file, tests)
        script.write_text(THEIRS)
        ours_script.write_text(OURS)
        python = install_theirs(folder / "venv")
        theirs, ours = [], []
        for _ in range(ROUNDS):
            theirs.append(measure([str(python), str(script), str(file)]))
            ours.append(measure([sys.executable, str(ours_script), str(file), str(workspace)]))
        print(f"{tests:,} tests, {tests // 10:,} of which fail, {file.stat().st_size / 1e6:.0f} MB")
        print(f"{'':<28} {'clock, s':>8} {'cpu, s':>8} {'MiB':>7}")
        rows = {"junitparser on lxml, read": theirs, "pipeproof report, all of it": ours}
        medians = {
            word: [statistics.median(each[at] for each in rounds) for at in range(3)] for word, rounds in rows.items()
        }
        for word, (clock, used, memory) in medians.items():
            print(f"{word:<28} {clock:>8.2f} {used:>8.2f} {memory:>7.0f}")
        parts = [second / first for first, second in zip(*medians.values(), strict=True)]
        print(f"{'ours in parts of theirs':<28} {parts[0]:>8.2f} {parts[1]:>8.2f} {parts[2]:>7.2f}")


def report_own_run(tests: int) -> None:
    """Write the whole report of a run of the own suite, as its supervisor does after the last test."""
    from pipeproof.events import EventReader
    from pipeproof.report.annotations import annotations
    from pipeproof.report.files import write_text
    from pipeproof.report.page.document import render_page
    from pipeproof.report.sarif import render_sarif
    from pipeproof.report.summary import Links, render_summary
    from pipeproof.results.collector import Collector
    from pipeproof.results.ctrf import write_ctrf
    from pipeproof.results.junit import write_junit as write_own_junit

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        collector, reader = Collector(folder), EventReader()
        for number in range(tests):
            test = f"tests/test_orders.py::test_{number}"
            lines = [f'{{"event":"start","id":"{test}","at":1.0,"file":"tests/test_orders.py","line":1}}']
            lines += [
                f'{{"event":"phase","id":"{test}","when":"{when}","outcome":"passed","duration":0.001,"at":1.0}}'
                for when in ("setup", "call", "teardown")
            ]
            for event in reader.feed("".join(f"{line}\n" for line in lines).encode()):
                collector.take(event)
        run = collector.finish(ended_by=None, cancelled=False, started=1.0, duration=150.0)
        start, used = time.perf_counter(), time.process_time()
        write_ctrf(run, folder / "report.json", "Own")
        write_own_junit(run, folder / "junit.xml", "Own")
        write_text(folder / "failures.sarif", render_sarif(run, folder))
        write_text(folder / "summary.md", render_summary(run, "Own", Links(), workspace=folder))
        write_text(folder / "report.html", render_page(run, "Own", Links(), workspace=folder))
        annotations(run, "all", folder)
        took, used = time.perf_counter() - start, time.process_time() - used
        print(f"the report of an own run of {tests:,} tests: {took:.2f} s of the clock, {used:.2f} s of the processor")


def main() -> None:
    """Measure both."""
    os.environ.pop("GITHUB_ACTIONS", None)
    compare_reports(int(sys.argv[1]) if len(sys.argv) > 1 else 150_000)
    report_own_run(20_000)


if __name__ == "__main__":
    main()
