"""The suite: pytest in a process of its own, its events read and its output passed on as they come."""

import os
import signal
import subprocess  # noqa: TC003 - a callback's annotation, read at run time by nobody
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeproof.events import EventReader
from pipeproof.inputs import Inputs
from pipeproof.results.collector import Collector
from pipeproof.results.dumps import DumpReader, place_crashes
from pipeproof.results.model import PYTEST_USAGE_ERROR, Failure, Run, TestResult
from pipeproof.sandbox.dumping import end_with_dumps
from pipeproof.sandbox.leftovers import LeftoversError, User
from pipeproof.sandbox.process import Cancellation, Starter, run_process
from pipeproof.variables import EVENTS_FD

_OVERTIME = 10.0
"""Seconds past its timeout that a test may hang in code that pytest-timeout cannot interrupt."""

_PIPE_SIZE = 1 << 20
_F_SETPIPE_SZ = 1031  # linux/fcntl.h


@dataclass(frozen=True, slots=True)
class Suite:
    """How the tests are to be run.

    Attributes:
        command: The interpreter, pytest and its arguments.
        environment: The whole environment of the process.
        project: The folder that it starts in.
        workspace: The folder that files are named from.
        timeout: Seconds for one test, 0 for none.
        user: Whom it runs as; `None` is as the supervisor.
        descriptors: Further descriptors that it inherits.
        guard: Judges what the tests, and all that they start, connect to.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    project: Path
    workspace: Path
    timeout: float = 0.0
    user: User | None = None
    descriptors: tuple[int, ...] = ()
    guard: Starter | None = None


def pytest_command(
    python: Path, inputs: Inputs, *, color: bool, durations: Path | None = None, known: Path | None = None
) -> tuple[str, ...]:
    """Put pytest's command line together; what the user gives comes last, so it wins."""
    # Plugins are named, so that they are there where PYTEST_DISABLE_PLUGIN_AUTOLOAD is set.
    command = [str(python), "-m", "pytest", "-p", "pipeproof", f"--color={'yes' if color else 'no'}"]
    if inputs.workers != 1:
        command += ["-p", "xdist", "-n", "auto" if inputs.workers is None else str(inputs.workers)]
    if inputs.reruns:
        command += ["-p", "rerunfailures", "--reruns", str(inputs.reruns)]
    if inputs.early_flake_detection and known is not None:
        command += [f"--pipeproof-new-tests={inputs.early_flake_detection}", f"--pipeproof-known-tests={known}"]
    if inputs.test_timeout:
        command += ["-p", "timeout", "--timeout", str(inputs.test_timeout)]
    if inputs.shard:
        command += ["--pipeproof-shard", str(inputs.shard)]
        if durations is not None:
            command += ["--pipeproof-durations", str(durations)]
    if not inputs.tests:
        command.append("--dbt-tests")  # a dbt project is tested even where it has no Python test
    return (*command, *inputs.pytest_args, *inputs.tests)


def run_suite(
    suite: Suite,
    *,
    cancellation: Cancellation,
    on_output: Callable[[bytes], None],
    on_progress: Callable[[Collector, TestResult | None], None],
    on_events: Callable[[bytes], None] = lambda _: None,
    meanwhile: Callable[[], object] = lambda: None,
) -> Run:
    """Run the tests; give what came of them, however the process ends.

    Args:
        suite: How to run them.
        cancellation: Ends them early.
        on_output: Takes what they print.
        on_events: Takes their events as they come, as bytes.
        on_progress: Called with each test that ends, and about ten times a second with `None`.
        meanwhile: Called once while the process starts.
    """
    collector = Collector(suite.workspace)
    reader = EventReader()
    stacks = DumpReader()
    events, ours = os.pipe()
    _enlarge(events)
    hung: list[str] = []
    ending: Iterator[None] = iter(())
    left: LeftoversError | None = None

    def pass_on(data: bytes) -> None:
        stacks.feed(data)
        on_output(data)

    def take(data: bytes) -> None:
        on_events(data)
        for event in reader.feed(data):
            ended = collector.take(event)
            if ended is not None:
                on_progress(collector, ended)

    def watch(process: "subprocess.Popen[bytes]") -> None:
        on_progress(collector, None)
        nonlocal ending
        late = overdue(collector.running, suite.timeout, time.monotonic())
        if late and not hung:
            hung.append(late)
            ending = end_with_dumps(process.pid)
        next(ending, None)

    environment = {**suite.environment, EVENTS_FD: str(ours)}
    started, clock = time.time(), time.monotonic()
    try:
        status = run_process(
            suite.command,
            environment=environment,
            directory=suite.project,
            on_output=pass_on,
            cancellation=cancellation,
            user=suite.user,
            descriptors=(ours, *suite.descriptors),
            readers={events: take},
            on_tick=watch,
            meanwhile=meanwhile,
            guard=suite.guard,
        )
    except LeftoversError as error:
        status, left = error.status, error
    finally:
        os.close(events)
    ended_by = describe_end(status, collector.exit_status)
    if collector.exit_status is not None and status >= 0:
        # A plugin can change pytest's mind after we were told: the process has the last word.
        collector.exit_status = status
    if hung:
        ended_by = f"{hung[0]} hung {_OVERTIME:g} s and longer past its timeout of {suite.timeout:g} s"
    collector.dropped += reader.dropped
    outcome = collector.finish(
        ended_by=ended_by,
        culprit=hung[0] if hung else None,
        cancelled=cancellation.times > 0,
        started=started,
        duration=time.monotonic() - clock,
    )
    outcome = place_crashes(outcome, stacks.dumps, suite.workspace)
    return replace(outcome, failures=(*outcome.failures, Failure("session", "", str(left)))) if left else outcome


def overdue(running: Mapping[str, float], timeout: float, now: float) -> str | None:
    """Name a test that is so far past its timeout that nothing but the end of the process stops it.

    Args:
        running: The tests that run, each with when it was last heard of (seconds of a steady clock).
        timeout: Seconds for one test; 0 is none.
        now: Seconds of the same clock.
    """
    limit = timeout + _OVERTIME
    return next((test for test, heard in running.items() if now - heard > limit), None) if timeout else None


def describe_end(status: int, reported: int | None) -> str | None:
    """Say how the process ended, where it did not end as pytest does: with the exit status that it told us before."""
    if status < 0:
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"
    if reported is None and status not in (0, PYTEST_USAGE_ERROR):
        return f"exit status {status}"
    if reported is None and status == 0:
        return "exit status 0 before pytest was done"
    return None


def _enlarge(pipe: int) -> None:
    """Make room in the pipe, so that the tests do not wait for the supervisor."""
    try:
        import fcntl

        fcntl.fcntl(pipe, _F_SETPIPE_SZ, _PIPE_SIZE)
    except (ImportError, OSError):
        pass


def scripts_path(scripts: Sequence[Path], path: str) -> str:
    """Put folders of commands in front of a `PATH`."""
    return os.pathsep.join([*map(str, scripts), *filter(None, [path])])
