"""Runs generated state machines here and with moto's own interpreter, and shows where the two disagree.

    python tests/differential/state_machines.py [--count N] [--show N] [--seed N]

moto's interpreter is no reference: each kind of difference is decided by a rule of AWS's, which stands beside it and in
docs/explanation/differential.md; what no rule explains fails the run.
"""

import argparse
import json
import logging
import os
import re
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from machines import Case, cases

from pipeproof.errors import PipeproofError
from pipeproof.stepfunctions.machine import StateMachine

ROLE = "arn:aws:iam::123456789012:role/r"
Outcome = dict[str, Any]
Holds = Callable[[Case, Outcome, Outcome], bool]


def cause(outcome: Outcome) -> str:
    """Why an execution failed; empty where it did not."""
    return str(outcome.get("cause") or "")


def decided(error: str, words: str = "") -> Holds:
    """Whether an error comes out here; moto has none, or another one whose cause has the words."""
    return lambda case, theirs, here: here.get("error") == error and words in cause(theirs)


GUIDE = "https://docs.aws.amazon.com/step-functions/latest/dg"
ERRORS = f"[developer guide, Error names]({GUIDE}/concepts-error-handling.html)"
ITEMS_PATH = f"[developer guide, ItemsPath]({GUIDE}/input-output-itemspath.html)"
SPEC_CHOICE = "[States Language, Choice State](https://states-language.net/spec.html#choice-state)"
SPEC_PARALLEL = "[States Language, Parallel State](https://states-language.net/spec.html#parallel-state)"
SPEC_ERRORS = "[States Language, Appendix A](https://states-language.net/spec.html#appendix-a)"
JAYWAY = "[JsonPath](https://github.com/json-path/JsonPath#what-is-returned-when), whose paths the guide says they are"
REFERENCE = "https://docs.aws.amazon.com/step-functions/latest/apireference"
DESCRIBE = f"[API reference, DescribeExecution]({REFERENCE}/API_DescribeExecution.html)"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of difference between moto and what is here.

    Attributes:
        what: What AWS has, and moto has not.
        source: Where the rule stands, as a link.
        rule: The rule's own words, or `paraphrased: …`.
        holds: Whether a difference is of this kind.
    """

    what: str
    source: str
    rule: str
    holds: Holds


EXPLAINED = [
    Kind(
        "no rule of a Choice matches and it has no Default: the error is States.NoChoiceMatched",
        SPEC_CHOICE,
        "The interpreter will throw a runtime States.NoChoiceMatched error if a Choice State fails to match "
        'a Choice Rule and no "Default" transition was specified.',
        decided("States.NoChoiceMatched", "No branching option reached"),
    ),
    Kind(
        "ResultPath cannot be applied to an input that is no object: States.ResultPathMatchFailure",
        SPEC_ERRORS,
        'A state\'s "ResultPath" field cannot be applied to the input the state received.',
        decided("States.ResultPathMatchFailure"),
    ),
    Kind(
        "ItemsPath is a reference path: one with [*], a filter or a slice is refused",
        ITEMS_PATH,
        "The value of ItemsPath must be a Reference Path, and that path must point to JSON array.",
        lambda case, theirs, here: "reference path" in here.get("refused", ""),
    ),
    Kind(
        "a Map over what is no array is States.Runtime, which States.ALL does not catch",
        ERRORS,
        "A retry or catch on States.ALL will not catch States.Runtime errors.",
        lambda case, theirs, here: "must point to array" in cause(here),
    ),
    Kind(
        "a rule of a Choice that compares a number with a text is not met",
        SPEC_CHOICE,
        "if the values are not both of the appropriate type (String, number, boolean, or Timestamp) the "
        "comparison will return false.",
        lambda case, theirs, here: "not supported between instances" in cause(theirs),
    ),
    Kind(
        "the error of a branch or iteration is its Parallel's or Map's, whatever its name",
        SPEC_PARALLEL,
        "If any branch fails, due to an unhandled error or by transitioning to a Fail State, the entire "
        "Parallel State is considered to have failed",
        lambda case, theirs, here: "Custom Error Names" in cause(theirs),
    ),
    Kind(
        "a path that names many (a filter, a slice, [*], ..) and finds none gives an empty list",
        JAYWAY,
        "`Indefinite` paths always returns a list",
        lambda case, theirs, here: (
            ("could not be found" in cause(theirs) or "No results" in cause(theirs)) and many(cause(theirs))
        ),
    ),
    Kind(
        "a rule of a Choice that compares what is not there is States.Runtime",
        ERRORS,
        "An execution failed due to some exception that could not be processed.",
        lambda case, theirs, here: "condition path references an invalid value" in cause(here),
    ),
    Kind(
        "an index from the end ([-1]) names one value, not a list of it",
        JAYWAY,
        "paraphrased: an indefinite path has .., ?() or several indices; one index, counted from the end "
        "too, is definite",
        lambda case, theirs, here: (
            "[-1]" in json.dumps(case.definition) and is_same(unwrapped(theirs), unwrapped(here))
        ),
    ),
    Kind(
        "an intrinsic function that cannot be applied is States.IntrinsicFailure",
        SPEC_ERRORS,
        "Within a Payload Template, the attempt to invoke an Intrinsic Function failed.",
        decided("States.IntrinsicFailure"),
    ),
    Kind(
        "States.Runtime ends an execution; no Catch of States.ALL or of its own name catches it",
        ERRORS,
        "A States.Runtime error is not retriable, and will always cause the execution to fail.",
        lambda case, theirs, here: here.get("error") == "States.Runtime" and '"Catch"' in json.dumps(case.definition),
    ),
    Kind(
        "the output of an execution is JSON: moto writes a text without quotes",
        DESCRIBE,
        "The JSON output data of the execution.",
        lambda case, theirs, here: "no JSON" in theirs.get("broken", "") and "output" in here,
    ),
]
"""The kinds of difference, in the order in which they are looked for; docs/explanation/differential.md shows them."""


def many(text: str) -> bool:
    """Whether the path that a cause names may stand for several values."""
    return bool(re.search(r"\[\*\]|\?\(|\.\.|\[-?\d*:-?\d*\]|\.\*", text))


def unwrapped(value: Any) -> Any:
    """A value where each list of one item is that item."""
    if isinstance(value, dict):
        return {key: unwrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return unwrapped(value[0]) if len(value) == 1 else [unwrapped(item) for item in value]
    return value


def is_same(theirs: Outcome, here: Outcome) -> bool:
    """Whether two outcomes are outputs that are equal."""
    return "output" in theirs and "output" in here and bool(theirs["output"] == here["output"])


def ours(case: Case) -> Outcome:
    """What comes out here."""
    try:
        execution = StateMachine(case.definition).run(case.input, check=False)
    except PipeproofError as error:
        return {"refused": str(error)}
    if execution.status == "SUCCEEDED":
        return {"output": execution.output}
    return {"error": execution.error, "cause": execution.cause}


@contextmanager
def quiet() -> Iterator[None]:
    """Without what moto's interpreter logs."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


@contextmanager
def interpreter() -> Iterator[Callable[[Case], Outcome]]:
    """moto's interpreter, as a function."""
    os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
    import boto3
    from botocore.exceptions import ClientError
    from moto import mock_aws

    with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}), quiet():
        client = boto3.client("stepfunctions")

        def run(case: Case) -> Outcome:
            name = uuid.uuid4().hex
            try:
                text = json.dumps(case.definition)
                arn = client.create_state_machine(name=name, definition=text, roleArn=ROLE)["stateMachineArn"]
                started = client.start_execution(stateMachineArn=arn, name=name, input=json.dumps(case.input))
            except ClientError as error:
                return {"refused": str(error)}
            except Exception as error:  # noqa: BLE001 - moto's parser raises whatever it likes
                return {"broken": f"{type(error).__name__}: {error}"}
            for _ in range(2500):
                found = client.describe_execution(executionArn=started["executionArn"])
                if found["status"] != "RUNNING":
                    break
                time.sleep(0.004)
            else:
                return {"hangs": True}
            if found["status"] == "SUCCEEDED":
                return parsed(found.get("output", "null"))
            return {"error": found.get("error"), "cause": found.get("cause")}

        yield run


def parsed(output: str) -> Outcome:
    """The output of an execution, which is JSON."""
    try:
        return {"output": json.loads(output)}
    except ValueError:
        return {"broken": f"the output is no JSON: {output}"}


def verdict(case: Case, theirs: Outcome, here: Outcome) -> str:
    """Agreement, an explanation, or nothing."""
    if is_same(theirs, here):
        return "agrees"
    if "refused" in theirs and "refused" in here:
        return "agrees"
    if "error" in theirs and "error" in here and theirs["error"] == here["error"]:
        return "agrees" if theirs["cause"] == here["cause"] else "agrees, the cause in other words"
    return next((kind.what for kind in EXPLAINED if kind.holds(case, theirs, here)), "")


def generated(count: int, start: int) -> list[Case]:
    """Machines, each once."""
    found: dict[str, Case] = {}

    @seed(start)
    @settings(
        max_examples=count, phases=[Phase.generate], deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(cases())
    def each(case: Case) -> None:
        found[json.dumps([case.definition, case.input], sort_keys=True)] = case

    each()
    return list(found.values())


def compare(count: int, show: int, start: int) -> Counter[str]:
    """Compare, print what has no explanation; how often there was each verdict."""
    found: Counter[str] = Counter()
    with interpreter() as run:
        for case in generated(count, start):
            theirs, here = run(case), ours(case)
            reason = verdict(case, theirs, here)
            found[reason or "DISAGREES"] += 1
            if not reason and found["DISAGREES"] <= show:
                shown = {"definition": case.definition, "input": case.input, "moto": theirs, "here": here}
                print(json.dumps(shown), flush=True)
    return found


def main() -> int:
    """1 where something disagrees without an explanation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1100)
    parser.add_argument("--show", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = compare(options.count, options.show, options.seed)
    for reason, times in found.most_common():
        print(f"{times:>7}  {reason}")
    return int(found["DISAGREES"] > 0)


if __name__ == "__main__":
    sys.exit(main())
