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
import contextlib, json, sys, time
rounds, who = int(sys.argv[1]), sys.argv[2]
ours = who == "ours"
if ours:
    from pipeproof.environments.prefect.runs.flow_runs import run_flow
    from pipeproof.environments.prefect.server.prefect_server import open_server as server
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

def rested(flow, seconds, count):
    # begun each time when the server has stored what the flow before left it to store
    call(flow)
    times = []
    for _ in range(count):
        time.sleep(seconds)
        times.append(timed(lambda: call(flow)))
    return times

def no_heartbeat():
    # ending the thread that sends them takes the harness a second a flow; the environment cannot switch it off
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})

with server(), no_heartbeat() if who == "no heartbeat" else contextlib.nullcontext():
    call(one)
    times = {"a flow with one task": rested(one, 0.7, 4 * rounds)}
    times["a flow with 100 mapped tasks"] = rested(hundred, 6, rounds)
    if ours:
        fresh()
        times["a fresh server"] = [timed(fresh) for _ in range(rounds)]
if who == "harness":
    times["a fresh server"] = [timed(fresh) for _ in range(rounds)]
print(json.dumps(times))
"""
)

LEAKS = """
import json, os, sys
from pathlib import Path
from pipeproof.environments.prefect.server import launcher
from pipeproof.environments.prefect.server.prefect_server import open_server

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


def machine() -> list[float]:
    """Milliseconds that a million additions take, ten times: how fast this machine is, and how steady."""
    times = []
    for _ in range(10):
        started = time.perf_counter()
        sum(number + 1 for number in range(1_000_000))
        times.append((time.perf_counter() - started) * 1000)
    return times


def show(name: str, own: list[float], *others: list[float] | None) -> None:
    """Print a row: our median and best, and the others' medians with how many times ours they are."""
    mine = statistics.median(own)
    cells = [f"{mine:10.3f}", f"{min(own):10.3f}"]
    for other in others:
        theirs = statistics.median(other) if other else None
        cells.append(f"{theirs:10.3f} {theirs / mine:6.1f}" if theirs else " " * 17)
    print(f"{name:34}", *cells)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--servers", type=int, default=200)
    options = parser.parse_args()
    for test in (TEST_OURS, TEST_STOCK):  # the image is built with the database migrated and the modules compiled
        first_result(test)
    speed = machine()
    rows = first_results(options.rounds)
    ours, harness, calm = (
        json.loads(run(MEASURE, str(options.rounds), who)) for who in ("ours", "harness", "no heartbeat")
    )
    speed += machine()
    print(f"medians of {options.rounds} (one task: {4 * options.rounds}), seconds; a million additions take", end=" ")
    print(f"{min(speed):.0f} to {max(speed):.0f} ms here, {statistics.median(speed):.0f} in the median")
    print(f"{'':34} {'pipeproof':>10} {'its best':>10} {'harness':>10}  times {'no heartbeat':>12} times")
    for name, (own, stock) in rows.items():
        show(name, own, stock)
    for name, own in ours.items():
        show(name, own, harness[name], calm.get(name))
    before, after = json.loads(run(LEAKS, str(options.servers)))
    grown = {name: round(after[name] - before[name], 1) for name in before}
    print(f"after {options.servers} fresh servers, more by: " + ", ".join(f"{n} {name}" for name, n in grown.items()))


if __name__ == "__main__":
    main()
