"""`pipeproof report` of a JUnit file of 150,000 tests, beside junitparser on lxml; and the report of an own run.

Run it as `python benchmarks/bench_report.py [tests]`. A tenth of the tests fails, with a traceback and output.

The other side does what EnricoMi's action does before it speaks to GitHub: lxml parses the whole tree, junitparser
walks it, a record of each test is kept, the records are indexed by test and state and counted, those that failed become
annotations, and the names of all tests are listed in annotations of 64,000 bytes; the bodies of the requests are
serialized, 50 annotations each. It is installed into a virtual environment of its own. What its process imports beside
(PyGithub, humanize, psutil) is not counted. Ours reads the file and writes the whole report: CTRF, JUnit, SARIF, page,
summary, annotations. The row "read alone" is the tree and the records, and nothing made of them.

All are processes that are started anew, in turns; seconds (of the clock, and of the processor) are the median of the
rounds, memory is the most that was resident. The aims: half of the time, a quarter of the memory; and less than a
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
_READ = """
import json, resource, sys
from collections import defaultdict
from dataclasses import dataclass
import lxml.etree
from junitparser import JUnitXml, TestCase, TestSuite
import junitparser.junitparser
assert junitparser.junitparser.etree is lxml.etree

@dataclass(frozen=True)
class Case:
    result_file: object; file: object; line: object; classname: object; name: object; result: object
    message: object; content: object; stdout: object; stderr: object; time: object

@dataclass(frozen=True)
class Annotation:
    path: str; start_line: int; end_line: int; level: str; message: str; title: str; raw_details: object

def worst_of(results):
    by_tag = defaultdict(list)
    for one in results:
        if one is not None:
            by_tag[one._tag].append(one)
    return next((by_tag[tag] for tag in ("error", "failure", "success", "skipped", "disabled") if tag in by_tag), [])

def cases_of(suite):
    inner = [case for one in suite.iterchildren(TestSuite) for case in cases_of(one)]
    return inner + list(suite.iterchildren(TestCase))

def leaves_of(suite):
    suites, cases = list(suite.iterchildren(TestSuite)), list(suite.iterchildren(TestCase))
    return [leaf for one in suites for leaf in leaves_of(one)] + ([suite] if cases or not suites else [])

tree = lxml.etree.parse(sys.argv[1], lxml.etree.XMLParser(huge_tree=True))
suites = list(JUnitXml.fromroot(tree.getroot()))
leaves = [leaf for suite in suites for leaf in leaves_of(suite)]
cases = [
    Case(
        sys.argv[1], case._elem.get("file"), case._elem.get("line"), case.classname, case.name,
        results[0]._tag if results else "success",
        "\\n".join(one.message for one in results if one.message) or None,
        "\\n".join(one.text for one in results if one.text) or None,
        case.system_out, case.system_err, case.time,
    )
    for suite in suites
    for case in cases_of(suite)
    for results in [worst_of(case.result)]
]
"""
_MAKE = """
# the results by test and state, and how many there are of each
bad = [[case for case in cases if case.result == word] for word in ("skipped", "failure", "error")]
seconds = sum(case.time or 0 for case in cases)
by_test = defaultdict(lambda: defaultdict(list))
for case in cases:
    by_test[(None, case.classname, case.name)][case.result].append(case)
states = {test: max(found, key=("skipped", "success", "failure", "error").index) for test, found in by_test.items()}
# an annotation a test that is bad, and the lists of all tests and of those that were skipped
messages = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
for test, found in by_test.items():
    for state, same in found.items():
        for case in same:
            messages[test][state][case.message if state == "skipped" else case.content].append(case)
made = []
for test, found in messages.items():
    for state, by_message in found.items():
        if state not in ("success", "skipped"):
            details, same = next(iter(by_message.items()))
            case = same[0]
            made.append(Annotation(
                case.file or case.classname or "/", case.line or 0, case.line or 0, state,
                "\\n".join(sorted(one.result_file for one in same)), f"{case.name} ({case.classname}) {state}", details,
            ))
skipped = [test for test, state in states.items() if state == "skipped"]
for listed in [sorted(" - ".join(filter(None, test)) for test in tests) for tests in (by_test, skipped)]:
    chunk, size = [], 0
    for name in listed:
        length = len(name.encode()) + 1
        if size + length >= 64_000:
            made.append(Annotation(".github", 0, 0, "notice", "tests", "tests", "\\n".join(chunk)))
            chunk, size = [], 0
        chunk.append(name); size += length
    if chunk:
        made.append(Annotation(".github", 0, 0, "notice", "tests", "tests", "\\n".join(chunk)))
data = [{**one.__dict__, "title": one.title[:255], "raw_details": (one.raw_details or "")[:64_000]} for one in made]
for at in range(0, len(data), 50):  # that many go into one request
    json.dumps(data[at:at+50])
"""
_TELL = """
print(len(cases), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
THEIRS = {"junitparser on lxml, read alone": _READ + _TELL, "junitparser on lxml, all of it": _READ + _MAKE + _TELL}
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
    subprocess.run(
        [*uv, "pip", "install", "--quiet", "--python", str(python), "junitparser==4.0.2", "lxml==6.0.2"], check=True
    )
    return python


def environment() -> dict[str, str]:
    """Return our environment, in which Python keeps what it has compiled, as it does for users."""
    left_out = ("GITHUB_ACTIONS", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    return {name: value for name, value in os.environ.items() if name not in left_out}


def measure(command: list[str]) -> tuple[float, float, float]:
    """Run a process; give its seconds of the clock and of the processor, and the MiB that it had at most."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    words = (done.stderr or done.stdout).strip().splitlines()[-1]
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, used, int(words.split()[-1]) / 1024


def compare_reports(tests: int) -> None:
    """Take turns; print all, and the quotients."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file, workspace = folder / "junit.xml", folder / "workspace"
        workspace.mkdir()
        write_junit(file, tests)
        python = install_theirs(folder / "venv")
        commands = {word: [str(python), "-c", script, str(file)] for word, script in THEIRS.items()}
        commands["pipeproof report, all of it"] = [sys.executable, "-c", OURS, str(file), str(workspace)]
        rounds = [{word: measure(command) for word, command in commands.items()} for _ in range(ROUNDS)]
        print(f"{tests:,} tests, {tests // 10:,} of which fail, {file.stat().st_size / 1e6:.0f} MB")
        print(f"{'':<32} {'clock, s':>8} {'cpu, s':>8} {'MiB':>7}")
        medians = {word: [statistics.median(one[word][at] for one in rounds) for at in range(3)] for word in commands}
        for word, (clock, used, memory) in medians.items():
            print(f"{word:<32} {clock:>8.2f} {used:>8.2f} {memory:>7.0f}")
        _, theirs, ours = medians.values()
        parts = [own / other for own, other in zip(ours, theirs, strict=True)]
        print(f"{'ours in parts of all of theirs':<32} {parts[0]:>8.2f} {parts[1]:>8.2f} {parts[2]:>7.2f}")


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
        write_text(folder / "report.html", *render_page(run, "Own", Links(), workspace=folder))
        annotations(run, "all", folder)
        took, used = time.perf_counter() - start, time.process_time() - used
        print(f"the report of an own run of {tests:,} tests: {took:.2f} s of the clock, {used:.2f} s of the processor")


def main() -> None:
    """Measure both."""
    compare_reports(int(sys.argv[1]) if len(sys.argv) > 1 else 150_000)
    report_own_run(20_000)


if __name__ == "__main__":
    main()
