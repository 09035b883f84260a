"""The run, told from start to end: inputs, install, environments, tests, report.

Only this module and the command line read the process's environment and end the process.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeproof.errors import InputError, PipeproofError
from pipeproof.github.context import Context, read_context
from pipeproof.github.file_commands import Snapshot
from pipeproof.github.workflow import Workflow
from pipeproof.inputs import Inputs, action_values, read_inputs
from pipeproof.report.annotations import annotations
from pipeproof.report.files import write_files
from pipeproof.report.outputs import exit_code, outputs
from pipeproof.report.summary import Links, render_summary
from pipeproof.results.collector import Collector
from pipeproof.results.model import Failure, Run, TestResult
from pipeproof.sandbox.environment import environment_for_tests
from pipeproof.sandbox.identity import Home, contained, make_home, user_for_tests
from pipeproof.sandbox.install import Places, PythonEnvironment, install_project
from pipeproof.sandbox.process import Cancellation, run_process, shield_supervisor
from pipeproof.suite import PYTEST_USAGE_ERROR, Suite, pytest_command, run_suite, scripts_path
from pipeproof.terminal import Terminal

Outlet = Workflow | Terminal


def main(environ: Mapping[str, str], *, values: Mapping[str, str] | None = None, directory: Path | None = None) -> int:
    """Run the tests of a project and report; give the exit code.

    Args:
        environ: The process's environment.
        values: The inputs' texts by their names; `None` takes them from the environment, as the action does.
        directory: The workspace; `None` is the runner's, or the current folder.
    """
    shield_supervisor()
    context = read_context(environ, Path.cwd())
    workspace = (directory or (context.workspace if context else Path.cwd())).resolve()
    snapshot = Snapshot.take(environ) if context else Snapshot({})
    outlet: Outlet = Workflow({name: path for name, (path, _) in snapshot.files.items()}) if context else Terminal()
    try:
        with Cancellation().listening() as cancellation:
            inputs = read_inputs(action_values(environ) if values is None else values, workspace)
            return _run(inputs, workspace, environ, context, snapshot, outlet, cancellation)
    except PipeproofError as error:
        if environ.get("PIPEPROOF_DEBUG") == "1":
            raise
        outlet.fail(str(error))
        outlet.set_outputs({"conclusion": "failure"})
        return error.exit_code


def _run(
    inputs: Inputs,
    workspace: Path,
    environ: Mapping[str, str],
    context: Context | None,
    snapshot: Snapshot,
    outlet: Outlet,
    cancellation: Cancellation,
) -> int:
    project = (workspace / inputs.working_directory).resolve()
    report = (workspace / inputs.report_dir).resolve()
    run = Run()
    failed: PipeproofError | None = None
    with _scratch(workspace) as home:
        environment = environment_for_tests(environ, home=home.folder)
        try:
            python = _install(inputs, project, environment, home, outlet, cancellation)
            run = _test(inputs, project, workspace, python, environment, home, outlet, cancellation)
        except PipeproofError as error:
            failed = error
            run = Run(failures=(Failure("session", type(error).__name__, str(error)),))
        tampered = snapshot.restore()
    _report(run, inputs, context, outlet, report, workspace, tampered)
    if failed:
        return failed.exit_code
    return exit_code(run, inputs)


def _install(
    inputs: Inputs,
    project: Path,
    environment: Mapping[str, str],
    home: Home,
    outlet: Outlet,
    cancellation: Cancellation,
) -> PythonEnvironment:
    """Install the project's requirements, before any credential exists."""
    from uv import find_uv_bin

    def run_uv(arguments: Sequence[str]) -> tuple[int, str]:
        printed = bytearray()

        def take(data: bytes) -> None:
            printed.extend(data)

        command = (find_uv_bin(), *arguments)
        status = run_process(
            command,
            environment=environment,
            directory=project,
            on_output=take,
            cancellation=cancellation,
            user=home.user,
        )
        return status, printed.decode("utf-8", "replace")

    if inputs.install.mode == "none":
        return install_project(inputs.install, project, Places(home.own, home.shared, home.hand_over), run_uv)
    with outlet.group("Install the project's requirements"):
        python = install_project(inputs.install, project, Places(home.own, home.shared, home.hand_over), run_uv)
        outlet.say("\n".join(python.installed) or "nothing is missing")
    return python


def _test(
    inputs: Inputs,
    project: Path,
    workspace: Path,
    python: PythonEnvironment,
    environment: Mapping[str, str],
    home: Home,
    outlet: Outlet,
    cancellation: Cancellation,
) -> Run:
    """Run the suite, its output passed on and its progress shown."""
    suite = Suite(
        command=pytest_command(python.python, inputs, color=outlet.on_github, durations=_durations(inputs, project)),
        environment={
            **environment,
            "PATH": scripts_path(python.scripts, environment.get("PATH", "")),
            "PIPEPROOF_WORKSPACE": str(workspace),
            "PIPEPROOF_DBT_TARGET": inputs.dbt_target,
            "PIPEPROOF_DBT_SCHEMA_PREFIX": inputs.dbt_schema_prefix,
            "PIPEPROOF_PREFECT_DATABASE": inputs.prefect_database,
            **({"PIPEPROOF_DBT_PROJECT_DIR": inputs.dbt_project_dir} if inputs.dbt_project_dir else {}),
        },
        project=project,
        workspace=workspace,
        timeout=inputs.test_timeout,
        user=home.user,
    )
    lines = _Lines(outlet.pass_on)

    def progress(collector: Collector, ended: TestResult | None) -> None:
        if isinstance(outlet, Terminal):
            outlet.progress(collector, ended)

    with outlet.group("Run the tests"):
        run = run_suite(suite, cancellation=cancellation, on_output=lines.feed, on_progress=progress)
        lines.close()
        if isinstance(outlet, Terminal) and (run.failures or not run.results):
            outlet.release_output()
    if run.exit_status is None and not run.results and not run.failures and not run.cancelled:
        raise InputError(
            f"pytest did not start (exit status {PYTEST_USAGE_ERROR}, a usage error): {lines.last.strip()}",
            hint="Look at `tests`, `pytest-args` and the project's pytest settings; pytest's own words are above.",
        )
    return run


def _durations(inputs: Inputs, project: Path) -> Path | None:
    """Give the `report.json` that shards are balanced by."""
    if not (inputs.shard and inputs.baseline):
        return None
    baseline = project / inputs.baseline
    return baseline if baseline.is_file() else next(iter(sorted(baseline.rglob("report.json"))), None)


def _report(
    run: Run,
    inputs: Inputs,
    context: Context | None,
    outlet: Outlet,
    report: Path,
    workspace: Path,
    tampered: Sequence[str],
) -> None:
    notes = [f"The tests wrote to {name}; it was put back as it was." for name in tampered]
    if run.not_run and not run.cancelled:
        notes.append(f"{len(run.not_run)} collected tests did not run.")
    for note in notes:
        outlet.warn(note)
    links = Links(context.link_to if context and context.repository and context.sha else None)
    summary = render_summary(run, inputs.title, links, notes=notes)
    try:
        write_files(run, summary, report, inputs.title)
    except OSError as error:
        outlet.warn(f"the report's files could not be written to {inputs.report_dir}: {error}")
    outlet.annotate(annotations(run, inputs.annotations))
    if inputs.summary == "always" or (inputs.summary == "on-failure" and run.conclusion != "success"):
        outlet.add_summary(summary)
    outlet.set_outputs(outputs(run, report, workspace))
    if isinstance(outlet, Terminal):
        outlet.draw_totals(run, os.path.relpath(report))


@contextmanager
def _scratch(workspace: Path) -> Iterator[Home]:
    """Give the tests a place of their own outside the workspace, gone afterwards."""
    base = Path(tempfile.mkdtemp(prefix="pipeproof-"))
    try:
        yield make_home(base, user_for_tests(workspace) if contained() else None)
    finally:
        shutil.rmtree(base, ignore_errors=True)


class _Lines:
    """Puts what comes in pieces together to lines."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest = b""
        self.last = ""

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._pass_on(line)

    def close(self) -> None:
        if self._rest:
            self._pass_on(self._rest)
            self._rest = b""

    def _pass_on(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").removesuffix("\r")
        if text.strip():
            self.last = text
        self._take(text)


def action() -> int:
    """Run as the action: everything from the environment."""
    try:
        return main(os.environ)
    finally:
        sys.stdout.flush()
