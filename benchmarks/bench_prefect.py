"""pipeproof's Prefect server beside Prefect's own test harness, measured in one run: medians, and their ratio.

python benchmarks/bench_prefect.py [--rounds 5] [--servers 200]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLOWS = """
from prefect import flow, task

@task
def same(x):
    return x

@flow
def one():
    return same(1)

@flow
def hundred():
    return same.map(range(100)).result()
"""

TEST_OURS = FLOWS + "\ndef test_it(run_flow):\n    assert run_flow(one).value == 1\n"
TEST_STOCK = (
    FLOWS
    + """
import pytest
from prefect.testing.utilities import prefect_test_harness

@pytest.fixture(scope="session", autouse=True)
def harness():
    with prefect_test_harness(server_startup_timeout=120):
        yield

def test_it():
    assert one() == 1
"""
)

MEASURE = (
    FLOWS
    + """
import json, sys, time
rounds, ours = int(sys.argv[1]), sys.argv[2] == "ours"
if ours:
    from pipeproof.environments.prefect.runs import run_flow
    from pipeproof.environments.prefect.server import open_server as server
    call = lambda flow: run_flow(flow, (), {})
else:
    from prefect.testing.utilities import prefect_test_harness
    server = lambda: prefect_test_harness(server_startup_timeout=120)
    call = lambda flow: flow()

def timed(action):
    started = time.perf_counter()
    action()
    return time.perf_counter() - started

def fresh():
    with server():
        pass

def rested(flow, seconds):
    # begun each time when the server has stored what the flow before left it to store
    call(flow)
    times = []
    for _ in range(rounds):
        time.sleep(seconds)
        times.append(timed(lambda: call(flow)))
    return times

with server():
    call(one)
    times = {"a flow with one task": rested(one, 1), "a flow with 100 mapped tasks": rested(hundred, 6)}
    if ours:
        fresh()
        times["a fresh server"] = [timed(fresh) for _ in range(rounds)]
if not ours:
    times["a fresh server"] = [timed(fresh) for _ in range(rounds)]
print(json.dumps(times))
"""
)

LEAKS = """
import json, os, sys
from pathlib import Path
from pipeproof.environments.prefect import launcher
from pipeproof.environments.prefect.server import open_server

def state():
    pid = os.getpid()
    tree = [pid, launcher.start()._process.pid]
    children = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and parent(p) in tree]
    resident = sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in tree) * os.sysconf("SC_PAGE_SIZE")
    sockets = sum("socket:" in target(f) for p in tree for f in Path(f"/proc/{p}/fd").iterdir())
    files = sum(1 for p in tree for _ in Path(f"/proc/{p}/fd").iterdir())
    folders = sum(1 for _ in launcher.start().folder.glob("server-*"))
    counts = {"processes": len(children), "sockets": sockets, "files": files, "folders": folders}
    return counts | {"megabytes": resident / 1e6}

def parent(process):
    try:
        return int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0

def target(descriptor):
    try:
        return os.readlink(descriptor)
    except OSError:
        return ""

def fresh(count):
    for _ in range(count):
        with open_server() as server, server.client() as client:
            client.api_healthcheck()

fresh(5)
before = state()
fresh(int(sys.argv[1]))
print(json.dumps([before, state()]))
"""


ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Modules are compiled once, as in the image, and not anew each time that they are imported."""


def run(code: str, *arguments: str) -> str:
    """Run a script in an interpreter of its own and give the last line that it prints."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if done.returncode:
        sys.exit(done.stderr)
    return done.stdout.splitlines()[-1]


def first_result(test: str, **environment: str) -> float:
    """Seconds from starting pytest until it has run one test and ended."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_flows.py").write_text(test)
        started = time.perf_counter()
        # Hypothesis, which is here for pipeproof's own tests, would take seconds of either side.
        options = ["-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
        command = [sys.executable, "-m", "pytest", *options, folder]
        subprocess.run(command, capture_output=True, check=True, cwd=folder, env=ENVIRONMENT | environment)
        return time.perf_counter() - started


def first_results(rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """The first result of a session: with the migrated database there, as in the image, and without."""
    prepared, bare, stock = [], [], []
    for _ in range(rounds):
        stock.append(first_result(TEST_STOCK))
        prepared.append(first_result(TEST_OURS))
        with tempfile.TemporaryDirectory() as empty:
            bare.append(first_result(TEST_OURS, PIPEPROOF_CACHE_DIR=empty))
    return {
        "first result, as in the image": (prepared, stock),
        "first result, nothing prepared": (bare, stock),
    }


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--servers", type=int, default=200)
    options = parser.parse_args()
    for test in (TEST_OURS, TEST_STOCK):  # the image is built with the database migrated and the modules compiled
        first_result(test)
    rows = first_results(options.rounds)
    ours = json.loads(run(MEASURE, str(options.rounds), "ours"))
    stock = json.loads(run(MEASURE, str(options.rounds), "stock"))
    rows |= {name: (ours[name], stock[name]) for name in ours}
    print(f"{'seconds, medians of ' + str(options.rounds):34} {'pipeproof':>10} {'harness':>10} {'times':>7}")
    for name, (own, others) in rows.items():
        mine, theirs = statistics.median(own), statistics.median(others)
        print(f"{name:34} {mine:10.3f} {theirs:10.3f} {theirs / mine:7.1f}")
    before, after = json.loads(run(LEAKS, str(options.servers)))
    grown = {name: round(after[name] - before[name], 1) for name in before}
    print(f"after {options.servers} fresh servers, more by: " + ", ".join(f"{n} {name}" for name, n in grown.items()))


if __name__ == "__main__":
    main()
