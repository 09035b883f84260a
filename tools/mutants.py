"""Breaks the code in small ways and counts how many the unit tests notice: run it with `make mutants SAMPLE=200`.

mutmut does the breaking; `[tool.mutmut]` in pyproject.toml says where, and which tests run: none needs a recording. A
random sample of all mutants is tried, the same one for the same code and seed. Printed at the end: what survived
(`mutmut show NAME` prints the change), and the score, the share of the sample that was noticed.

    python tools/mutants.py SAMPLE [SEED] [PATTERN]     the pattern as in fnmatch: "*intrinsic_functions*"
"""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTHING = "no.such.mutant"
KILLED, SURVIVED, UNTESTED, CRASHED = (1, 3), 0, (5, 33), (-24, -11, -9, 24, 36, 152, 255)


def main(size: int, seed: int = 0, pattern: str = "*") -> int:
    """Try a sample; 0 when it was tried, whatever the score."""
    mutmut(NOTHING)  # makes the mutants and learns which tests run which functions; then there is nothing to try
    names = sorted(name for name in results() if fnmatch(name, pattern))
    if not names:
        print(f"no mutant is named {pattern}, or the tests failed: see above", file=sys.stderr)
        return 1
    sample = random.Random(seed).sample(names, min(size, len(names)))  # noqa: S311 - no secret
    tested = [name for name in sample if results()[name] != UNTESTED[-1]]
    mutmut(*tested)
    say(sample, len(names))
    return 0


def mutmut(*names: str) -> None:
    """Let mutmut try mutants, without the recordings and the caller's way of compiling."""
    environment = os.environ | {"PIPEPROOF_ASL_CASES": os.devnull}
    command = [sys.executable, "-m", "mutmut", "run", *names]
    subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )


def results() -> dict[str, int | None]:
    """Each mutant's exit code, as mutmut keeps it beside the broken copy; None where it was not tried."""
    found: dict[str, int | None] = {}
    for file in (ROOT / "mutants").rglob("*.meta"):
        found |= json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def say(sample: list[str], total: int) -> None:
    """Print what came out of a sample."""
    codes = results()
    survivors = [name for name in sample if codes[name] == SURVIVED or codes[name] in UNTESTED]
    for name in sorted(survivors):
        print(("untested  " if codes[name] else "survived  ") + name)
    by_package = Counter(name.split(".x")[0].rpartition(".")[0] for name in survivors)
    for package, count in by_package.most_common():
        print(f"{count:4} of {sum(name.startswith(package + '.') for name in sample)} survive in {package}")
    noticed = len(sample) - len(survivors)
    print(f"score {100 * noticed / len(sample):.0f} %: {noticed} of {len(sample)} noticed; there are {total} mutants")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *map(int, sys.argv[2:3]), *sys.argv[3:4]))
