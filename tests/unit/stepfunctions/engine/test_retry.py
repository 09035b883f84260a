"""Retry, from the Amazon States Language specification ("Retrying after error") and the developer guide."""

from itertools import pairwise
from typing import Any

import pytest

from pipeproof import StateMachine, returns, throws

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"


def machine(retry: Any, catch: Any = None, **fields: Any) -> StateMachine:
    state = {"Type": "Task", "Resource": FUNCTION, "Retry": retry, "Next": "Done", **fields}
    if catch is not None:
        state["Catch"] = catch
    return StateMachine({"StartAt": "Work", "States": {"Work": state, "Done": {"Type": "Succeed"}}})


def retrier(*errors: str, **fields: Any) -> dict[str, Any]:
    return {"ErrorEquals": list(errors or ("States.ALL",)), **fields}


def starts(execution: Any) -> list[float]:
    return [attempt.started for attempt in execution.attempts("Work")]


def always(error: str) -> Any:
    return throws(error, "always")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [0, 1, 3, 7]),
        ({"IntervalSeconds": 5}, [0, 5, 15, 35]),
        ({"MaxAttempts": 1}, [0, 1]),
        ({"MaxAttempts": 0}, [0]),
        ({"BackoffRate": 1}, [0, 1, 2, 3]),
        ({"BackoffRate": 1.5, "IntervalSeconds": 2}, [0, 2, 5, 9.5]),
        ({"BackoffRate": 3, "MaxAttempts": 4}, [0, 1, 4, 13, 40]),
        ({"IntervalSeconds": 3, "MaxDelaySeconds": 5, "MaxAttempts": 4}, [0, 3, 8, 13, 18]),
        ({"IntervalSeconds": 10, "MaxDelaySeconds": 4, "MaxAttempts": 2}, [0, 4, 8]),
        ({"JitterStrategy": "NONE", "MaxAttempts": 2}, [0, 1, 3]),
    ],
)
def test_retry__waits_as_its_fields_say(fields: Any, expected: list[float]) -> None:
    execution = machine([retrier(**fields)]).run(mocks={"Work": always("Boom")}, check=False)
    assert starts(execution) == expected
    assert (execution.status, execution.error) == ("FAILED", "Boom")


def test_retry__stops_when_an_attempt_succeeds() -> None:
    execution = machine([retrier()]).run(mocks={"Work": [throws("A"), throws("B"), returns(7)]})
    assert (execution.output, execution.elapsed) == (7, 3)


def test_retry__leaves_a_first_success_alone() -> None:
    assert len(machine([retrier()]).run(mocks={"Work": returns(1)}).attempts("Work")) == 1


@pytest.mark.parametrize(
    ("names", "error", "retried"),
    [
        (["Boom"], "Boom", True),
        (["Boom"], "Bang", False),
        (["Bang", "Boom"], "Boom", True),
        (["boom"], "Boom", False),
        (["States.ALL"], "Anything.At.All", True),
        (["States.TaskFailed"], "Boom", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.Timeout"], "States.Timeout", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.Runtime"], "States.Runtime", False),
    ],
)
def test_retry__matches_error_names(names: list[str], error: str, retried: bool) -> None:
    execution = machine([retrier(*names, MaxAttempts=1)]).run(mocks={"Work": always(error)}, check=False)
    assert len(execution.attempts("Work")) == (2 if retried else 1)


def test_retry__each_retrier_counts_for_itself() -> None:
    """Spec: the interpreter tracks the retries of each retrier by itself."""
    retriers = [retrier("A", MaxAttempts=1), retrier("B", MaxAttempts=2)]
    mocks = {"Work": [throws("A"), throws("B"), throws("B"), throws("A")]}
    execution = machine(retriers).run(mocks=mocks, check=False)
    assert [attempt.error for attempt in execution.attempts("Work")] == ["A", "B", "B", "A"]


def test_retry__the_interval_of_a_retrier_grows_with_its_own_count() -> None:
    retriers = [retrier("A", IntervalSeconds=10), retrier("B", IntervalSeconds=1)]
    mocks = {"Work": [throws("A"), throws("B"), throws("A"), returns(1)]}
    assert starts(machine(retriers).run(mocks=mocks)) == [0, 10, 11, 31]


def test_retry__the_first_retrier_that_matches_counts() -> None:
    retriers = [retrier("Boom", MaxAttempts=0), retrier()]
    execution = machine(retriers).run(mocks={"Work": always("Boom")}, check=False)
    assert len(execution.attempts("Work")) == 1


def test_retry__then_catch() -> None:
    """Spec: a Catcher is tried when the retries are used up."""
    catch = [{"ErrorEquals": ["Boom"], "Next": "Done"}]
    execution = machine([retrier(MaxAttempts=2)], catch).run(mocks={"Work": always("Boom")})
    assert execution.output == {"Error": "Boom", "Cause": "always"}
    assert len(execution.attempts("Work")) == 3


def test_retry__counts_anew_when_the_state_is_entered_again() -> None:
    states = {
        "Work": {
            "Type": "Task",
            "Resource": FUNCTION,
            "Retry": [retrier(MaxAttempts=1)],
            "ResultPath": "$.n",
            "Next": "?",
        },
        "?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": 2, "Next": "Work"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    }
    mocks = {"Work": [throws("A"), returns(1), throws("A"), returns(2)]}
    assert StateMachine({"StartAt": "Work", "States": states}).run(mocks=mocks).output == {"n": 2}


def test_retry__shows_in_the_context_object() -> None:
    parameters = {"retries.$": "$$.State.RetryCount"}
    seen: list[Any] = []

    def work(event: Any) -> Any:
        seen.append(event["retries"])
        raise ValueError("no")

    machine([retrier(MaxAttempts=2)], Parameters=parameters).run(mocks={"Work": work}, check=False)
    assert seen == [0, 1, 2]


def test_retry__an_attempts_own_time_counts() -> None:
    mocks = {"Work": [throws("A", after=30), returns(1, after=5)]}
    execution = machine([retrier(IntervalSeconds=10)]).run(mocks=mocks)
    assert (starts(execution), execution.elapsed) == ([0, 40], 45)


def test_retry__full_jitter_stays_within_the_delay() -> None:
    retriers = [retrier(IntervalSeconds=8, BackoffRate=1, MaxAttempts=20, JitterStrategy="FULL")]
    execution = machine(retriers).run(mocks={"Work": always("Boom")}, check=False)
    delays = [later - earlier for earlier, later in pairwise(starts(execution))]
    assert all(0 <= delay <= 8 for delay in delays)
    assert len(set(delays)) > 10


@pytest.mark.parametrize("seed", [0, 1, 99])
def test_retry__jitter_repeats_with_the_seed(seed: int) -> None:
    retriers = [retrier(JitterStrategy="FULL")]
    first, second = (machine(retriers).run(mocks={"Work": always("Boom")}, check=False, seed=seed) for _ in range(2))
    assert starts(first) == starts(second)


def test_retry__jitter_differs_with_another_seed() -> None:
    retriers = [retrier(JitterStrategy="FULL")]
    first, second = (machine(retriers).run(mocks={"Work": always("B")}, check=False, seed=seed) for seed in (1, 2))
    assert starts(first) != starts(second)


def test_retry__of_a_parallel_runs_all_branches_again() -> None:
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Task", "Resource": FUNCTION, "End": True}}} for name in ("A", "B")
    ]
    state = {"Type": "Parallel", "Branches": branches, "Retry": [retrier()], "End": True}
    execution = StateMachine({"StartAt": "Both", "States": {"Both": state}}).run(
        mocks={"A": [returns(1), returns(2)], "B": [throws("Boom"), returns(3)]}
    )
    assert execution.output == [2, 3]
    assert [event.type for event in execution.events].count("ParallelStateStarted") == 2


def test_retry__of_a_map_runs_all_items_again() -> None:
    processor = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": FUNCTION, "End": True}}}
    state = {"Type": "Map", "ItemProcessor": processor, "Retry": [retrier(MaxAttempts=1)], "End": True}
    execution = StateMachine({"StartAt": "M", "States": {"M": state}}).run(
        [1, 2], mocks={"T": lambda item, context: 1 / 0}, check=False
    )
    assert execution.error == "ZeroDivisionError"
    assert len(execution.attempts("M")) == 2


def test_retry__days_pass_in_no_time() -> None:
    retriers = [retrier(IntervalSeconds=86_400, BackoffRate=1, MaxAttempts=30)]
    execution = machine(retriers).run(mocks={"Work": always("Boom")}, check=False)
    assert execution.elapsed == 30 * 86_400


def test_retry__is_noted_in_the_failures_message() -> None:
    with pytest.raises(Exception, match=r"attempt 2: 1 s → 1 s Boom, retried at 3 s"):
        machine([retrier()]).run(mocks={"Work": always("Boom")})
