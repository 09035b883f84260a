"""`run_flow` with tasks that run in other processes."""

import prefect.task_runners
import pytest
from prefect import flow, get_run_logger, task

from pipeproof.environments.prefect.runs.watch import Watch

ProcessPoolTaskRunner = getattr(prefect.task_runners, "ProcessPoolTaskRunner", None)
if ProcessPoolTaskRunner is None:
    pytest.skip("this version of Prefect has no ProcessPoolTaskRunner", allow_module_level=True)


@task
def add(number, other):
    return number + other


@task
def double(number):
    get_run_logger().info("doubling %s", number)
    return add(number, number)


@task(retries=1, retry_delay_seconds=3600)
def fail_in_process(number):
    get_run_logger().info("failing %s", number)
    raise ValueError(number)


@flow(task_runner=ProcessPoolTaskRunner(max_workers=1))
def in_processes(numbers):
    failing = fail_in_process.submit(1)
    failing.wait()
    return [future.result() for future in double.map(numbers)]


def test_run_flow__process_runner(run_flow):
    """Task runs of other processes are reported with values, attempts and logs; their clock is virtual too.

    A task that a task there calls was not submitted from here: the server tells of it.
    """
    result = run_flow(in_processes, [4])
    assert result.value == [8]
    assert [(run.value, run.attempts) for run in result.task_runs["double"]] == [(8, 1)]
    assert "doubling 4" in result.logs.text
    assert [(run.state.name, run.attempts) for run in result.task_runs["add"]] == [("Completed", 1)]
    (failed,) = result.task_runs["fail_in_process"]
    assert (failed.failed, failed.attempts) == (True, 2)
    assert [state.name for state in failed.states] == ["Pending", "Running", "AwaitingRetry", "Retrying", "Failed"]


@task(name="triple", retries=1)
def triple_first_fails(number, failed=[]):  # noqa: B006 - it is to be remembered
    if not failed:
        failed.append(number)
        raise ValueError(number)
    return add(number, number) + number


@flow
def in_threads():
    return triple_first_fails.submit(2).result()


def test_run_flow__runner_that_tells_nothing(run_flow, monkeypatch):
    """With a runner such as Dask's or Ray's, whose runs are out of sight, the server is asked for them."""
    monkeypatch.setattr(Watch, "note_task", lambda *_: None)
    result = run_flow(in_threads)
    (run,) = result.task_runs["triple"]
    assert (run.state.name, run.value, run.attempts) == ("Completed", 6, 2)
    assert [state.name for state in run.states] == ["Pending", "Running", "Retrying", "Completed"]
    assert [run.state.name for run in result.task_runs["add"]] == ["Completed"]
