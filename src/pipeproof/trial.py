"""Installs what a project needs and runs its tests."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pipeproof.access import Access
from pipeproof.errors import InputError, NoTestsError
from pipeproof.github.services import read_services
from pipeproof.inputs import artifact_pattern, chosen_variables
from pipeproof.job import Job
from pipeproof.journal import kept_journal
from pipeproof.redaction import Redactor
from pipeproof.results.collector import Collector
from pipeproof.results.model import Run, TestResult
from pipeproof.sandbox.identity import Home, contained
from pipeproof.sandbox.output import Lines
from pipeproof.sandbox.process import Starter, run_process
from pipeproof.sandbox.python import PythonEnvironment, base_environment
from pipeproof.sandbox.resolver import has_to_be_looked_up, note_hosts, without_servers
from pipeproof.suite import Suite, pytest_command, run_suite, scripts_path
from pipeproof.untrusted import Folder
from pipeproof.variables import LIVE_FD, NETWORK, NETWORK_ALLOW, REFUSALS, WORKSPACE

_KNOWN = "known-tests.json"
_REFUSALS = "refusals"
_NAMED = 5


def install(job: Job, home: Home, environment: Mapping[str, str]) -> PythonEnvironment:
    """Install the project's requirements, before any credential exists."""
    if job.inputs.install.mode == "none":
        return base_environment()
    from uv import find_uv_bin

    from pipeproof.sandbox.install import Places, install_project

    def run_uv(arguments: Sequence[str]) -> tuple[int, str]:
        printed = bytearray()
        status = run_process(
            (find_uv_bin(), *arguments),
            environment=environment,
            directory=job.project,
            on_output=printed.extend,
            cancellation=job.cancellation,
            user=home.user,
        )
        return status, printed.decode("utf-8", "replace")

    places = Places(home.own, home.shared, home.give_folder)
    with job.outlet.group("Install the project's requirements"):
        python = install_project(job.inputs.install, job.project, places, run_uv)
        job.outlet.say("\n".join(python.installed) or "nothing is missing")
    if python.note:
        job.outlet.warn(python.note)
    return python


def find_allowed(job: Job, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the hosts that may be reached; the image notes them in its file of hosts, which is this run's own."""
    allowed = [*job.inputs.network_allow, *NETWORK_ALLOW.check(environment.get(NETWORK_ALLOW.name, ""))]
    if contained():
        allowed += read_services(job.environ, job.workspace)
        note_hosts(allowed)
    return tuple(dict.fromkeys(allowed))


def network_variables(job: Job, environment: Mapping[str, str], allowed: Sequence[str]) -> dict[str, str]:
    """Say what the tests reach, and have no name server asked by what the guard does not see."""
    chosen = {NETWORK.name: job.inputs.network, NETWORK_ALLOW.name: " ".join(allowed)}
    if job.inputs.network != "open" and (contained() or not any(map(has_to_be_looked_up, allowed))):
        chosen |= without_servers(environment)
    return chosen


@contextmanager
def guarded_processes(job: Job, home: Home, access: Access, allowed: Sequence[str]) -> Iterator[Starter | None]:
    """Judge what the tests' processes connect to, in the image: elsewhere programs may need rights of their own."""
    if job.inputs.network == "open" or not contained():
        yield None
        return
    from pipeproof.sandbox.network_guard import Guard
    from pipeproof.sandbox.process_guard import ProcessGuard

    with Folder.at(home.own) as folder:
        log = folder.open(_REFUSALS, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        yield ProcessGuard(
            Guard(job.inputs.network, allowed),
            may_open=job.inputs.network == "auto" and access.may_be_live,
            user=home.user,
            log=log,
            on_lack=lambda why: job.outlet.say(
                f"Here the network guard holds Python's sockets, and all else by names alone, not by addresses: {why}."
            ),
        )
    finally:
        os.close(log)


def test(
    job: Job,
    home: Home,
    environment: Mapping[str, str],
    python: PythonEnvironment,
    access: Access,
    redactor: Redactor,
    baseline: Sequence[str] | None,
    meanwhile: Callable[[], object],
) -> Run:
    """Run the suite, its output passed on and its progress shown.

    Args:
        job: The run's job.
        home: The folders of the run.
        environment: The environment of the tests' process, before what is chosen here.
        python: What runs them.
        access: The credentials that they may have.
        redactor: Takes the secrets out of what they print.
        baseline: The node ids of an earlier run, where there is one.
        meanwhile: Called once while the tests' process starts.
    """
    inputs, outlet = job.inputs, job.outlet
    known = None
    if inputs.early_flake_detection and baseline is not None:
        known = home.give_folder("baseline", {_KNOWN: json.dumps(baseline)}) / _KNOWN
    allowed = find_allowed(job, environment)
    handover = access.open_pipe()
    suite = Suite(
        command=pytest_command(
            python.python, inputs, color=outlet.on_github, durations=find_durations(job), known=known
        ),
        environment={
            **environment,
            "PATH": scripts_path(python.scripts, environment.get("PATH", "")),
            WORKSPACE: str(job.workspace),
            **network_variables(job, environment, allowed),
            LIVE_FD: str(handover),
            REFUSALS: str(home.own / _REFUSALS),
            **chosen_variables(inputs),
        },
        project=job.project,
        workspace=job.workspace,
        timeout=inputs.test_timeout,
        user=home.user,
        descriptors=(handover,),
    )
    outlet.expect_output(inputs.pytest_args)
    acknowledged: list[str] = []

    def progress(collector: Collector, ended: TestResult | None) -> None:
        if job.cancellation.times and not acknowledged:
            acknowledged.append(", ".join(list(collector.running)[:_NAMED]) or "no test")
            outlet.say(f"Cancelled; the tests are being ended. Running: {acknowledged[0]}")
        outlet.show_progress(collector, ended)

    stream = redactor.stream()
    lines = Lines(lambda line: outlet.pass_on(stream.feed(f"{line}\n").removesuffix("\n")))
    with outlet.group("Run the tests"):
        with (
            kept_journal(job.workspace, job.report_folder, redactor) as journal,
            guarded_processes(job, home, access, allowed) as guard,
        ):
            outcome = run_suite(
                replace(suite, guard=guard),
                cancellation=job.cancellation,
                on_output=lines.feed,
                on_progress=progress,
                on_events=journal.feed,
                meanwhile=meanwhile,
            )
        lines.close()
        if outcome.failures or not outcome.results:
            outlet.release_output()
    if outcome.refused:
        raise InputError(
            f"pytest did not run: {lines.complaint or 'it gave no reason'}",
            hint="Look at `tests`, `pytest-args` and the project's pytest settings; pytest's own words are above.",
        )
    if outcome.suite and not (outcome.results or outcome.failures or outcome.not_run):
        outlet.say(f"Shard {inputs.shard} has none of the {len(outcome.suite)} tests.")
    elif not (outcome.results or outcome.failures or outcome.cancelled or inputs.allow_empty):
        deselected = f" ({outcome.deselected} deselected)" if outcome.deselected else ""
        raise NoTestsError(
            f"no test was collected{deselected}",
            hint="Look at `tests`, `pytest-args` and `testpaths`; with `allow-empty: true` such a run passes.",
        )
    return outcome


def find_durations(job: Job) -> Path | None:
    """Return the report by which a shard is divided; not a baseline that is found: two shards could find two."""
    inputs = job.inputs
    if inputs.durations:
        return job.workspace / inputs.durations
    if inputs.baseline and not artifact_pattern(inputs.baseline):
        return job.project / inputs.baseline
    return None
