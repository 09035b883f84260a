"""Evaluates JSONata expressions here and with the reference implementation, and shows where the two disagree.

The expressions are those of the unit tests' tables, and generated ones.

    python tests/differential/jsonata.py [--seed N] [--count N] [--show N]     or: make differential

The reference is npm's jsonata 2.0.6, which AWS names for Step Functions; 2.2.2 stands by for expressions on which 2.0.6
breaks with an error of JavaScript's, which says nothing about the language. A disagreement is explained below or fails
the run. Needs node and npm; without them the run is skipped, and says so.
"""

import argparse
import ast
import json
import math
import re
import runpy
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

from expressions import Case, cases

from pipeproof.stepfunctions.expressions.jsonata import (
    JsonataError,
    JsonataSyntaxError,
    ResultTypeError,
    World,
    evaluate,
)
from pipeproof.stepfunctions.values import MISSING, equal

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "tests" / "unit" / "stepfunctions" / "expressions" / "jsonata"
FUNCTION = "<function>"
Outcome = dict[str, Any]

EXPLAINED: list[tuple[str, Callable[[Case, Outcome, Outcome], bool]]] = [
    (
        "a built-in applied partially to a value of another type: JavaScript makes something of it",
        lambda case, theirs, ours: "partially applied built-in" in ours.get("message", "") or partly(case, ours),
    ),
    (
        "a function counts as false, and has no fields; in 2.0.6 those of its own objects are seen",
        lambda case, theirs, ours: is_like(later(case), ours),
    ),
    (
        "two errors in one array or object: the reference evaluates the parts side by side, the shallower comes first",
        lambda case, theirs, ours: (
            "code" in theirs and "code" in ours and bool(re.search(r"[\[{].*[,:].*[\]}]", case.expression))
        ),
    ),
    (
        "a function as the update of a transform, whose own fields 2.0.6 copies",
        lambda case, theirs, ours: (
            ours.get("code") == "T2011" and bool(re.search("function|λ|[$][a-z]+[^a-z(]", case.expression))
        ),
    ),
    (
        "an empty list that is grouped: the reference puts undefined into the list itself",
        lambda case, theirs, ours: is_like(theirs, {"value": filled(ours.get("value"))}),
    ),
    (
        "a function as the replacement of a string: JavaScript writes its own text of it",
        lambda case, theirs, ours: "what a function gives" in ours.get("message", ""),
    ),
    (
        "the service's limit of memory, which the reference does not have",
        lambda case, theirs, ours: "memory limit" in ours.get("message", ""),
    ),
    (
        "$formatBase beyond 2^53, where the digits mean nothing any more",
        lambda case, theirs, ours: "$formatBase" in case.expression and isinstance(ours.get("value"), (str, list)),
    ),
    (
        "a group of more than a hundred keys, whose values the reference evaluates side by side and counts as nested",
        lambda case, theirs, ours: "Depth=101" in theirs.get("message", "") and "{" in case.expression,
    ),
    (
        "$power in its last digit: JavaScript's is not rounded to the nearest",
        lambda case, theirs, ours: "$power" in case.expression and is_close(theirs.get("value"), ours.get("value")),
    ),
]


def is_close(one: Any, other: Any) -> bool:
    """Whether two values are numbers that differ in the last digit at most."""
    return isinstance(one, (int, float)) and isinstance(other, (int, float)) and math.isclose(one, other, rel_tol=1e-15)


def filled(value: Any) -> Any:
    """The value with null in each empty list."""
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    return ([filled(item) for item in value] or [None]) if isinstance(value, list) else value


def partly(case: Case, ours: Outcome) -> bool:
    """Whether the types were refused where a built-in was applied partially."""
    return bool(re.search(r"\?[,)]", case.expression)) and ours.get("code") in ("T0410", "T0412")


def later(case: Case) -> Outcome:
    """What the later version of the reference answers."""
    return reference("jsonata-later", [case])[0]


def reference(package: str, asked: Iterable[Case]) -> list[Outcome]:
    """What a version of the reference answers to each case."""
    lines = "".join(json.dumps({"expression": case.expression, "variables": case.variables}) + "\n" for case in asked)
    command = ["node", Path(__file__).with_name("reference.mjs"), package]
    answered = subprocess.run(command, input=lines, capture_output=True, text=True, check=True)
    outcomes: list[Outcome] = [json.loads(line) for line in answered.stdout.splitlines()]
    for outcome in outcomes:
        if "value" in outcome:
            outcome["value"] = json.loads(outcome["value"])
    return outcomes


def ours_for(case: Case) -> Outcome:
    """What comes out here."""
    try:
        value = evaluate(case.expression, case.variables, World(0, Random(1)))
    except ResultTypeError:
        return {"value": FUNCTION}
    except JsonataSyntaxError as error:
        return {"code": error.code, "message": str(error)}
    except JsonataError as error:
        broken = error.internal and error.__cause__ is not None
        return {"code": "BROKEN" if broken else error.code or "", "message": error.message}
    return {"nothing": True} if value is MISSING else {"value": value}


def is_like(theirs: Outcome, ours: Outcome) -> bool:
    """Whether two outcomes are the same: equal values, or errors with the same code."""
    if "value" in theirs and "value" in ours:
        return equal(doubles(theirs["value"]), doubles(ours["value"])) or (
            ours["value"] == FUNCTION and FUNCTION in json.dumps(theirs["value"])
        )
    if "code" in theirs and "code" in ours:
        if ours["code"] == "BROKEN":
            return theirs["code"] == ""
        return not theirs["code"] or not ours["code"] or theirs["code"] == ours["code"]
    return "nothing" in theirs and "nothing" in ours


def doubles(value: Any) -> Any:
    """The value with each number as JavaScript holds it."""
    if isinstance(value, dict):
        return {key: doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [doubles(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def verdict(case: Case, theirs: Outcome, ours: Outcome) -> str:
    """Agreement, an explanation, or nothing."""
    if is_like(theirs, ours):
        same_words = theirs.get("message") == ours.get("message") or not theirs.get("code") or not ours.get("code")
        return "agrees" if same_words else "agrees, in other words"
    if theirs.get("code") == "" and is_like(later(case), ours):
        return "agrees with 2.2.2, 2.0.6 breaks"
    return next((reason for reason, holds in EXPLAINED if holds(case, theirs, ours)), "")


def written() -> list[Case]:
    """The expressions in the tables of the unit tests: the first of each row. What AWS adds is not the reference's."""
    variables = runpy.run_path(str(TABLES / "conftest.py"))["VARIABLES"]
    found: dict[str, Case] = {}
    for file in sorted(TABLES.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                file.stem != "test_service"
                and isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith("parametrize")
            ):
                rows = ast.literal_eval(re.sub(r"\bMISSING\b", "None", ast.unparse(node.args[1])))
                texts = [row if isinstance(row, str) else row[0] for row in rows]
                found |= {text: Case(text, variables) for text in texts}
    return list(found.values())


def compare(seed: int, count: int, show: int) -> int:
    """Compares, prints what was found; how many disagreements have no explanation."""
    asked = [*written(), *cases(seed, count)]
    found: Counter[str] = Counter()
    for case, theirs in zip(asked, reference("jsonata", asked), strict=True):
        ours = ours_for(case)
        reason = verdict(case, theirs, ours)
        found[reason or "DISAGREES"] += 1
        if (not reason or reason == "agrees, in other words") and found[reason or "DISAGREES"] <= show:
            shown = {"what": reason or "DISAGREES", "expression": case.expression, "reference": theirs, "here": ours}
            print(json.dumps(shown, ensure_ascii=False)[:1200])
    for reason, times in found.most_common():
        print(f"{times:>7}  {reason}")
    return found["DISAGREES"]


def is_ready() -> bool:
    """Whether the reference is there; installed with npm where it can be."""
    if not shutil.which("node") or not shutil.which("npm"):
        return False
    packages = ROOT / ".ci"
    if not (packages / "node_modules" / "jsonata-later").exists():
        command = ["npm", "ci", "--prefix", packages, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, check=True)
    return True


def main() -> int:
    """1 where something disagrees without an explanation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--show", type=int, default=20)
    options = parser.parse_args()
    if not is_ready():
        print("skipped: node and npm are not on PATH")
        return 0
    return int(compare(options.seed, options.count, options.show) > 0)


if __name__ == "__main__":
    sys.exit(main())
