"""Kills a part of a run at a random moment, many times, and looks at what is left: `make soak KILLS=200`.

The run is that of `examples/orders` with two workers. After each kill there must be: an exit code that fits the report;
a report in which each test that was collected is found (of a killed supervisor the one that `pipeproof report` makes of
the journal); no process of the run; no new file in the project; no temporary folder that `pipeproof clean` leaves.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ORDERS = Path(__file__).parents[2] / "examples" / "orders"
COMMAND = [sys.executable, "-m", "pipeproof", "run", "--install", "none", "--workers", "2"]
PARTS = {
    "pytest": ("-m pytest",),
    "worker": ("exec(eval(sys.stdin.readline()))", "[pytest-xdist "),
    "fork server": ("server.forkserver import main",),
}
PATIENCE = 120.0
"""Seconds in which a run has to end after a kill."""
GRACE = 30.0
"""Seconds in which what is left of a run has to end after its supervisor."""
OWN_FOLDERS = {"pipeproof-report", ".pytest_cache", "__pycache__"}


@dataclass
class Trial:
    """One run: its folders, its process, and the processes that were seen below it, each with when it started."""

    project: Path
    temporary: Path
    process: subprocess.Popen[bytes]
    seen: dict[int, str] = field(default_factory=dict)

    def look(self) -> None:
        """Take down the processes that are there now."""
        children: dict[int, list[int]] = {}
        for process, parent, started in processes():
            children.setdefault(parent, []).append(process)
            if process in self.seen and self.seen[process] != started:
                del self.seen[process]
        waiting = [self.process.pid, *self.seen]
        while waiting:
            for child in children.get(waiting.pop(), []):
                if child not in self.seen:
                    self.seen[child] = start_of(child)
                    waiting.append(child)

    def find(self, part: str) -> list[int]:
        """Return the processes that are a part of the run."""
        if part == "supervisor":
            return [self.process.pid]
        marks = PARTS[part]
        return [process for process in self.seen if any(mark in command_of(process) for mark in marks)]

    def alive(self) -> list[int]:
        """Return the processes of the run that are still there."""
        return [process for process, started in self.seen.items() if started and start_of(process) == started]


def processes() -> Iterator[tuple[int, int, str]]:
    """Give all processes: id, parent, start."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            yield int(folder.name), int(words[1]), words[19]


def start_of(process: int) -> str:
    """Return when a process started, in the kernel's ticks; empty where it has ended."""
    try:
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if words[0] == "Z" else words[19]


def command_of(process: int) -> str:
    """Return a process's command line."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def files_of(project: Path) -> set[str]:
    """Return the project's files, less the report, caches and what Python compiles."""
    return {
        str(path.relative_to(project))
        for path in project.rglob("*")
        if path.is_file() and not OWN_FOLDERS & set(path.relative_to(project).parts)
    }


def start(folder: Path) -> Trial:
    """Start a run on a copy of the example, with a folder of its own for what is temporary."""
    temporary = folder / "tmp"
    temporary.mkdir(parents=True)
    project = Path(shutil.copytree(ORDERS, folder / "orders", ignore=shutil.ignore_patterns("__pycache__", "target")))
    process = subprocess.Popen(
        COMMAND,
        cwd=project,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return Trial(project, temporary, process)


def wait(trial: Trial, seconds: float) -> bool:
    """Look at the run's processes until it ends or the time is over; tell whether it ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        trial.look()
        try:
            trial.process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        return True
    return False


def kill(trial: Trial, part: str) -> bool:
    """Kill a part of the run, where it is there."""
    trial.look()
    found = trial.find(part)
    for process in found[:1]:
        os.kill(process, signal.SIGKILL)
    return bool(found)


def find_faults(trial: Trial, part: str, before: set[str], expected: set[str]) -> Iterator[str]:
    """Say what a run has left or lost."""
    code = trial.process.returncode
    end = time.monotonic() + GRACE
    while (left := trial.alive()) and time.monotonic() < end:
        time.sleep(0.2)
    if left:
        yield f"processes: {[command_of(process)[:80] for process in left]}"
    report = trial.project / "pipeproof-report"
    if part == "supervisor" and code == -signal.SIGKILL and (report / "journal.jsonl").exists():
        subprocess.run(
            [sys.executable, "-m", "pipeproof", "report"], cwd=trial.project, capture_output=True, check=False
        )
        code = None
    yield from find_lost(report / "report.json", part, code, expected)
    if new := files_of(trial.project) - before:
        yield f"files in the project: {sorted(new)[:5]}"
    for path in trial.temporary.iterdir():
        os.utime(path, (0, 0))
    subprocess.run(
        [sys.executable, "-m", "pipeproof", "clean"],
        cwd=trial.project,
        env={**os.environ, "TMPDIR": str(trial.temporary)},
        capture_output=True,
        check=False,
    )
    if names := [path.name for path in trial.temporary.iterdir() if not path.name.startswith("pytest-of-")]:
        yield f"temporary: {sorted(names)}"


def find_lost(file: Path, part: str, code: int | None, expected: set[str]) -> Iterator[str]:
    """Say which test is not in the report, and whether the exit code says what it says."""
    if not file.exists():
        if part != "supervisor":
            yield f"no report; exit code {code}"
        return
    report = json.loads(file.read_text(encoding="utf-8"))
    results = report["results"]["tests"]
    told = Counter(test["name"] for test in results)
    known = set(told) | {name.rpartition("::")[2] for name in report.get("extra", {}).get("notRun", [])}
    if results and (lost := expected - known) and code is not None:
        yield f"lost: {sorted(lost)[:5]}"
    failed = any(test["status"] == "failed" for test in results) or bool(report.get("extra", {}).get("notRun"))
    if results and code is not None and (code == 0) == failed:
        yield f"exit code {code}, though {'something failed' if failed else 'nothing failed'}"


def main(kills: int, seed: int) -> int:
    """Kill so often; 0 where nothing was left or lost."""
    random.seed(seed)
    faults: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        whole = start(Path(name, "whole"))
        began = time.monotonic()
        if not wait(whole, 600) or whole.process.returncode:
            print(f"the run that nobody disturbs ended with {whole.process.returncode}", file=sys.stderr)
            return 2
        lasts = time.monotonic() - began
        report = json.loads((whole.project / "pipeproof-report" / "report.json").read_text(encoding="utf-8"))
        expected = {test["name"] for test in report["results"]["tests"]}
        before = files_of(whole.project)
        print(f"undisturbed: {len(expected)} tests in {lasts:.1f} s")
        for number in range(kills):
            part = random.choice(["supervisor", *PARTS])
            moment = random.uniform(0.2, lasts)
            folder = Path(name, str(number))
            trial = start(folder)
            ended = wait(trial, moment)
            hit = not ended and kill(trial, part)
            if not ended and not wait(trial, PATIENCE + lasts):
                trial.process.kill()
                trial.process.wait()
                found = [f"did not end within {PATIENCE:g} s"]
            else:
                found = list(find_faults(trial, part if hit else "nobody", before, expected))
            print(
                f"{number + 1:4} {part if hit else 'nobody':12} at {moment:5.1f} s: {'; '.join(found) or 'well'}",
                flush=True,
            )
            faults.update(fault.partition(":")[0] for fault in found)
            shutil.rmtree(folder, ignore_errors=True)
    print(
        ", ".join(f"{count} times {fault}" for fault, count in faults.items()) or f"{kills} kills, nothing left or lost"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
