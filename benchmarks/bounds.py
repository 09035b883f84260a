"""What large and ugly runs cost: many failures, much output, one long message. It is not part of `make bench`.

Run it as `python benchmarks/bounds.py [share]`; a share of 0.1 takes a tenth of each size. Each run is bounded. It
prints seconds and the largest process of plain pytest, then seconds of `pipeproof run`, the largest process of its
tests and of the supervisor itself, in MiB. The aims stand beside: the supervisor below 150 MiB, the tests' process no
larger than plain pytest, and no more than 20 % longer.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 900.0
"""Seconds after which a run is given up."""
SUPERVISOR = 150
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:pipeproof", "-q", "--tb=short"]
PIPEPROOF = ["-I", "-m", "pipeproof", "run", "--install", "none", "--pytest-args", " -q --tb=short"]

FAILING = "def test_{0}():\n    order = {{'id': {0}, 'lines': [1, 2]}}\n    assert order == {{'id': -1, 'lines': []}}\n"
PASSING = "def test_{0}():\n    pass\n"
TALKING = "def test_{0}():\n    for _ in range(1000):\n        print('x' * 299)\n"
FATAL = "def test_{0}():\n    raise ValueError('y' * {1})\n"


@dataclass(frozen=True)
class Cost:
    """Seconds, and MiB of the largest process of the tests and of the one that was started."""

    seconds: float
    tests: float
    itself: float


def write_suite(folder: Path, tests: list[str]) -> None:
    """Write tests, fifty a file: pytest parses a whole file for each failure in it."""
    for number in range(0, len(tests), 50):
        (folder / f"test_{number // 50}.py").write_text("\n\n".join(tests[number : number + 50]))


def measure(command: list[str], folder: Path) -> Cost:
    """Run a command in a process that waits for it alone, so that its children's memory can be told from its own."""
    began = time.perf_counter()
    try:
        told = subprocess.run(
            [sys.executable, "-I", __file__, "--run", *command], cwd=folder, stdout=subprocess.PIPE, check=True,
            timeout=PATIENCE, env={key: value for key, value in os.environ.items() if key != "GITHUB_ACTIONS"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Cost(PATIENCE, 0.0, 0.0)
    children, itself = map(float, told.stdout.split()[-2:])
    return Cost(time.perf_counter() - began, children, itself)


def run_here(arguments: list[str]) -> None:
    """Run pytest as a child, or the supervisor in this process; tell the largest child and this process, in MiB."""
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if arguments[0] == "pipeproof":
        from pipeproof.cli import main

        main(PIPEPROOF[3:])
    else:
        subprocess.run(arguments, check=False)
    sizes = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    os.write(out, f"\n{sizes[0]:.1f} {sizes[1]:.1f}\n".encode())


def compare(name: str, tests: list[str]) -> None:
    """Run a suite with pytest and with pipeproof, and print what each took."""
    with tempfile.TemporaryDirectory() as folder:
        write_suite(Path(folder), tests)
        plain = measure(PYTEST, Path(folder))
        ours = measure(["pipeproof"], Path(folder))
    longer = (ours.seconds / plain.seconds - 1) * 100
    print(
        f"{name:<34} {plain.seconds:>8.1f} {plain.tests:>8.0f} {ours.seconds:>10.1f} {longer:>+6.0f} % (aim +20) "
        f"{ours.tests:>8.0f} (aim {plain.tests:.0f}) {ours.itself:>8.0f} (aim {SUPERVISOR})",
        flush=True,
    )


def main(share: float) -> None:
    """Run all of them."""
    many = int(20_000 * share)
    heads = f"{'pytest s':>8} {'MiB':>8} {'pipeproof s':>10} {'':>16} {'tests MiB':>10} {'supervisor MiB':>20}"
    print(f"{'run':<34} {heads}")
    compare(f"{many:,} tests, half of them fail", [(FAILING if n % 2 else PASSING).format(n) for n in range(many)])
    talking = int(1000 * share)
    compare(f"{talking:,} tests print {talking * 3 // 10:,} MB", [TALKING.format(n) for n in range(talking)])
    size = int(50_000_000 * share)
    compare(f"a message of {size // 1_000_000:,} MB", [FATAL.format(0, size)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run_here(sys.argv[2:])
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)
