"""Run the example pipeline's tests, then say what they have shown and where to look next (`make demo`).

What each suite is of stands in the table of examples/orders/README.md; what came of it in the report of the run.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "orders"
FIRST = """\
The tests of a tea shop's daily pipeline (examples/orders): a Prefect flow, a state machine, S3, a role and dbt models.
All of it runs here: Prefect's server on SQLite, AWS on moto, dbt on DuckDB; no account, nothing reached from outside.
"""
NEXT = """\
Where to look next
  {page}   the report as one page
  examples/broken     the same of a suite that fails in every way: .venv/bin/pipeproof run --directory examples/broken
  docs/how-to/start.md         from an empty page to a green pull request, in a project of yours: pipeproof init
  docs/README.md               all pages: flows, AWS calls, state machines, dbt models, workflows, credentials
"""


def read_suites(readme: str) -> dict[str, str]:
    """Read what each file of tests is of, from the table `tests | of`."""
    rows = re.findall(r"^\| (`.+?`) \| (.+?) \|$", readme, re.MULTILINE)
    return {name: of for names, of in rows for name in re.findall(r"`([^`]+)`", names)}


def name_suite(path: str, suites: Mapping[str, str]) -> str:
    """Return the suite that a file belongs to: its own name, or a suite whose folder it is in, or the path."""
    own = Path(path).name
    around = (name for name in suites if "/" in name and Path(name).parent in Path(path).parents)
    return own if own in suites else next(around, path)


def render_shown(tests: list[Mapping[str, Any]], suites: Mapping[str, str]) -> str:
    """Render what was shown: for each file how many tests of it passed, and of what they are.

    Args:
        tests: The tests of a CTRF report.
        suites: What files are of, by their names or the ends of their paths.
    """
    passed = Counter(name_suite(test["filePath"], suites) for test in tests if test["status"] == "passed")
    total = Counter(name_suite(test["filePath"], suites) for test in tests)
    lines = [f"  {passed[name]:3} of {count:<3} {name:22} {suites.get(name, '')}" for name, count in total.items()]
    return "\n".join(["What was shown", *lines]) + "\n"


def find_faults(tests: list[Mapping[str, Any]]) -> list[str]:
    """Name each test that did not pass: a demonstration that skips some has not shown what it says."""
    return [f"{test['filePath']}::{test['name']} {test['status']}" for test in tests if test["status"] != "passed"]


def main() -> int:
    """Run the suites and report; return the exit status."""
    print(FIRST, flush=True)
    command = [Path(sys.executable).with_name("pipeproof"), "run", "--directory", EXAMPLE, "--install", "none"]
    status = subprocess.run([*command, "--title", "The orders pipeline"], check=False).returncode
    report = EXAMPLE / "pipeproof-report"
    if status:
        return status
    tests = json.loads((report / "report.json").read_text(encoding="utf-8"))["results"]["tests"]
    print("\n" + render_shown(tests, read_suites((EXAMPLE / "README.md").read_text(encoding="utf-8"))))
    print(NEXT.format(page=(report / "report.html").relative_to(ROOT)), end="")
    faults = find_faults(tests)
    print("".join(f"\nnot shown: {fault}" for fault in faults), end="\n" if faults else "")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
