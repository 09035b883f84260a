"""`run_flow` with tasks that run in other processes."""

import prefect.task_runners
import pytest
from prefect import flow, get_run_logger, task

ProcessPoolTaskRunner = getattr(prefect.task_runners, "ProcessPoolTaskRunner", None)
if ProcessPoolTaskRunner is None:
    pytest.skip("this version of Prefect has no ProcessPoolTaskRunner", allow_module_level=True)


@task
def double(number):
    get_run_logger().info("doubling %s", number)
    return number * 2


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
    """Task runs of other processes are reported with values, attempts and logs; their clock is virtual too."""
    result = run_flow(in_processes, [4])
    assert result.value == [8]
    assert [(run.value, run.attempts) for run in result.task_runs["double"]] == [(8, 1)]
    assert "doubling 4" in result.logs.text
    (failed,) = result.task_runs["fail_in_process"]
    assert (failed.failed, failed.attempts) == (True, 2)
    assert [state.name for state in failed.states] == ["Pending", "Running", "AwaitingRetry", "Retrying", "Failed"]
