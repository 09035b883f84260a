"""The run, told from start to end: inputs, install, tests, report.

Only this module and the command line end the process; they are given its environment.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path, PurePath

from pipeproof.access import Access, build_request, grant, judge, make_audit, record_tests
from pipeproof.commenting import comment_on_pull_request
from pipeproof.credentials.audit import Audit
from pipeproof.credentials.request import CredentialRequest
from pipeproof.errors import InputError, NoTestsError, PipeproofError
from pipeproof.excuses import read_quarantine
from pipeproof.github.api import API_PATIENCE, Api
from pipeproof.github.base import find_base
from pipeproof.github.checkout_token import ADVICE, find_tokens
from pipeproof.github.context import Context, read_context, read_event
from pipeproof.github.eligibility import Eligibility
from pipeproof.github.file_commands import Snapshot, closed_folders
from pipeproof.github.services import read_services
from pipeproof.history import find_baseline
from pipeproof.inputs import Inputs, action_values, artifact_pattern, chosen_variables, read_inputs
from pipeproof.journal import kept_journal, remove_journal
from pipeproof.outlets.outlet import Outlet
from pipeproof.outlets.terminal import Terminal
from pipeproof.outlets.workflow import Workflow
from pipeproof.redaction import Redactor
from pipeproof.report.annotations import Annotation, annotations
from pipeproof.report.cobertura import render_cobertura
from pipeproof.report.coverage import Unit, find_shortfalls, find_units, render_coverage
from pipeproof.report.diagrams import render_diagrams
from pipeproof.report.exercised import render_exercised
from pipeproof.report.files import AUDIT, COBERTURA, CTRF, JUNIT, SARIF, STATEMENT, SUMMARY, write_text
from pipeproof.report.outputs import EXIT_CANCELLED, exit_code, outputs
from pipeproof.report.sarif import render_sarif
from pipeproof.report.summary import Links, render_summary
from pipeproof.results.attestation import build_statement
from pipeproof.results.baseline import Comparison, Earlier, compare, read_baseline
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.junit import write_junit
from pipeproof.results.model import Failure, Run
from pipeproof.results.quarantine import Entry, apply_quarantine
from pipeproof.results.redacted import redact_run
from pipeproof.sandbox.environment import environment_for_tests
from pipeproof.sandbox.files import place_files, rewrite_files
from pipeproof.sandbox.identity import Home, contained, make_home, scratch_root, user_for_tests
from pipeproof.sandbox.install import Places, PythonEnvironment, install_project
from pipeproof.sandbox.leftovers import LeftoversError, end_leftovers
from pipeproof.sandbox.output import Lines
from pipeproof.sandbox.process import Cancellation, run_process, shield_supervisor
from pipeproof.sandbox.resolver import has_to_be_looked_up, note_hosts, without_servers
from pipeproof.suite import Suite, pytest_command, run_suite, scripts_path
from pipeproof.transport import Transport
from pipeproof.untrusted import remove_tree
from pipeproof.variables import DEBUG, LIVE_FD, NETWORK, NETWORK_ALLOW, WORKSPACE

_WEAKER = (
    "Outside of pipeproof's image the tests run as the same user as this step: they can write to the files by which it "
    "speaks to the runner, and read what it can (SECURITY.md, Without root)."
)


@dataclass(frozen=True, slots=True)
class Job:
    """What all steps of one run share.

    Attributes:
        inputs: What the user asked for.
        workspace: The folder that files are named from.
        environ: The supervisor's environment.
        context: The run on GitHub, where it is one.
        files: What the file commands held before the first step.
        outlet: What we speak through.
        cancellation: Whether we have been asked to end.
    """

    inputs: Inputs
    workspace: Path
    environ: Mapping[str, str]
    context: Context | None
    files: Snapshot
    outlet: Outlet
    cancellation: Cancellation

    @property
    def project(self) -> Path:
        """The folder that the tests run in."""
        return (self.workspace / self.inputs.working_directory).resolve()

    @property
    def report(self) -> Path:
        """The folder of the report."""
        return self.workspace / self.report_folder

    @property
    def report_folder(self) -> PurePath:
        """The same, from the workspace."""
        return PurePath(os.path.normpath(self.inputs.report_dir))


@dataclass
class Trail:
    """What a run gathers on its way, for the report."""

    redactor: Redactor
    audit: Audit
    account_id: str | None = None


def main(environ: Mapping[str, str], *, values: Mapping[str, str] | None = None, directory: Path | None = None) -> int:
    """Run the tests of a project and report; give the exit code.

    Args:
        environ: The process's environment.
        values: The inputs' texts by their names; `None` takes them from the environment, as the action does.
        directory: The workspace; `None` is the runner's, or the current folder.
    """
    _occupy_standard_streams()
    shield_supervisor()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no Unicode shows a `?`
    context = read_context(environ, Path.cwd())
    workspace = (directory or (context.workspace if context else Path.cwd())).resolve()
    files = Snapshot.take(environ) if context else Snapshot()
    outlet: Outlet = Workflow(files.commands) if context else Terminal(workspace)
    try:
        if not workspace.is_dir():
            raise InputError(f"{workspace} is no folder", hint="Give the project's folder with --directory.")
        with Cancellation().listening() as cancellation:
            inputs = read_inputs(action_values(environ) if values is None else values, workspace)
            return run(Job(inputs, workspace, environ, context, files, outlet, cancellation))
    except Exception as error:  # the user gets one line, whatever it was
        if "1" in (environ.get(DEBUG), environ.get("RUNNER_DEBUG")):
            raise
        known = error if isinstance(error, PipeproofError) else _own_fault(error)
        outlet.fail(str(known))
        outlet.set_outputs({"conclusion": "failure"})
        return known.exit_code


def _occupy_standard_streams() -> None:
    """Open the null device where a standard stream is closed: else a pipe of ours would get its number."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:  # as Python leaves one that was closed
            setattr(sys, name, os.fdopen(number, "w"))


def _own_fault(error: Exception) -> PipeproofError:
    return PipeproofError(
        f"this is a fault of pipeproof's own: {type(error).__name__}: {error}",
        hint="Please report it with its traceback: `pipeproof --debug run …`, or run the job again with debug logging.",
    )


def run(job: Job) -> int:
    """Take the steps of one run; give the exit code."""
    if job.context and not contained():
        job.outlet.say(_WEAKER)
    verdict = judge(read_event(job.context) if job.context else {}, job.environ)
    warn_of_tokens(job)
    trail = follow(job)
    # Read before the tests run: they may write over it.
    earlier = read_earlier(job)
    entries = read_excuses(job)
    with scratch(job) as home, kept_for_the_runner(job, home) as kept:
        outcome, code = prove(job, home, verdict, trail)
    if kept.faults:
        outcome = replace(outcome, failures=(*outcome.failures, *(Failure("session", "", f) for f in kept.faults)))
        code = code or LeftoversError.exit_code
    if trail.redactor:
        outcome = redact_run(outcome, trail.redactor.redact)
    outcome = apply_quarantine(outcome, entries, datetime.now(UTC).date(), job.inputs.quarantine or "")
    units = find_units(outcome, job.workspace)
    if code is None and not outcome.cancelled:
        outcome = replace(outcome, failures=(*outcome.failures, *find_shortfalls(units, dict(job.inputs.fail_under))))
    comparison = None if earlier is None else compare(outcome, earlier, job.workspace)
    report(job, outcome, comparison, kept.tampered, trail, units)
    return exit_code(outcome, job.inputs, comparison) if code is None else code


def prove(job: Job, home: Home, verdict: Eligibility, trail: Trail) -> tuple[Run, int | None]:
    """Install, have credentials and test; give what came of it, and the exit code where it is not the run's own."""
    environment = environment_for_tests(job.environ, home=home.folder)
    try:
        # Read before anything of the project's runs: a session's policy can be a file of the workspace.
        request = build_request(job.inputs, job.project, job.environ)
        python = install(job, home, environment)
        with credentials(job, home, request, verdict, trail) as access:
            return test(job, home, environment, python, access, trail.redactor), None
    except PipeproofError as error:
        if job.cancellation.times:  # what fails then fails for that reason
            return Run(cancelled=True), EXIT_CANCELLED
        return Run(failures=(Failure("session", "", str(error)),)), error.exit_code


@dataclass
class Kept:
    """How what the runner reads was found after the last process of the user's.

    Attributes:
        tampered: The variables whose files had been changed; they were put back.
        faults: Why it cannot be shown that they are now as they were.
    """

    tampered: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@contextmanager
def kept_for_the_runner(job: Job, home: Home) -> Iterator[Kept]:
    """Keep the runner's files as they are: closed while the user's code runs, put back once nothing of it is left."""
    kept = Kept()
    with closed_folders(job.environ) if home.user and job.context else nullcontext():
        try:
            yield kept
        finally:
            try:
                end_leftovers(None, home.user)
            except LeftoversError as error:
                kept.faults = (str(error),)
            try:
                kept.tampered = job.files.restore()
            except OSError as error:
                kept.faults += (f"the file commands could not be put back as they were: {error}",)


def read_earlier(job: Job) -> dict[str, Earlier] | None:
    """Read the baseline: a file of the workspace, or what the base branch's last run has left."""
    inputs, context = job.inputs, job.context
    pattern = artifact_pattern(inputs.baseline)
    if inputs.baseline is None:
        return None
    if pattern is None:
        return read_baseline(job.project / inputs.baseline)
    if context is None:
        job.outlet.say("There is no baseline: `baseline: auto` looks into the artifacts of a workflow on GitHub.")
        return None
    return find_baseline(open_api(job), context.run_id, base_of(context), pattern, inputs.title, job.outlet.say)


def base_of(context: Context) -> str | None:
    """Return the branch that a run is held against; None where it is the run's own."""
    return find_base(context.event_name, context.ref, read_event(context))


def read_excuses(job: Job) -> tuple[Entry, ...]:
    """Read the quarantine: of a branch that is proposed, the one of the branch that it is proposed to."""
    if not job.inputs.quarantine:
        return ()
    base = base_of(job.context) if job.context else None
    return read_quarantine(job.inputs.quarantine, job.workspace, base, open_api(job), job.outlet.warn)


def open_api(job: Job) -> Api | None:
    """GitHub's API, where the run is one of GitHub's and has a token for it."""
    if job.context is None or not job.inputs.github_token:
        return None
    return Api(
        job.context.api_url, job.context.repository, job.inputs.github_token, Transport(job.environ, API_PATIENCE)
    )


def follow(job: Job) -> Trail:
    """Have all that is written go through one redactor."""
    redactor = Redactor()
    job.outlet.redact = redactor.redact
    if job.inputs.github_token:
        job.outlet.mask(job.inputs.github_token)
        redactor.add(job.inputs.github_token)
    return Trail(redactor, make_audit(job.environ, redactor))


def warn_of_tokens(job: Job) -> None:
    """Point out a token that checkout left where the tests can read it."""
    if job.outlet.on_github:
        for place in find_tokens(job.workspace):
            shown = place.file.relative_to(job.workspace) if place.file.is_relative_to(job.workspace) else place.file
            job.outlet.warn(f"The checkout's token lies in {shown}, line {place.line}. {ADVICE}")


def redact_own_files(job: Job, redactor: Redactor) -> None:
    """Take the secrets out of what the tests wrote into the report's folder themselves: dbt's logs, for example."""
    if redactor:
        for path in rewrite_files(job.workspace, job.report_folder, redactor.redact_bytes):
            job.outlet.warn(f"{path} was not searched for secrets: keep it to yourself")


@contextmanager
def credentials(
    job: Job, home: Home, request: CredentialRequest, verdict: Eligibility, trail: Trail
) -> Iterator[Access]:
    """Have the credentials that were asked for, renewed as long as the tests run."""
    owner = (home.user.uid, home.user.gid) if home.user else None
    granting = grant(
        request,
        verdict,
        job.environ,
        outlet=job.outlet,
        redactor=trail.redactor,
        audit=trail.audit,
        directory=home.own,
        owner=owner,
    )
    with ExitStack() as stack:
        with job.cancellation.interrupting():  # the runner does not wait until a token service has timed out
            access = stack.enter_context(granting)
        trail.account_id = access.account_id
        yield access


@contextmanager
def scratch(job: Job) -> Iterator[Home]:
    """Give the run a place of its own outside the workspace, gone afterwards."""
    base = Path(tempfile.mkdtemp(prefix="pipeproof-", dir=scratch_root()))
    try:
        yield make_home(base, user_for_tests(job.workspace) if contained() else None)
    finally:
        remove_tree(base)


def install(job: Job, home: Home, environment: Mapping[str, str]) -> PythonEnvironment:
    """Install the project's requirements, before any credential exists."""
    from uv import find_uv_bin

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
    if job.inputs.install.mode == "none":
        return install_project(job.inputs.install, job.project, places, run_uv)
    with job.outlet.group("Install the project's requirements"):
        python = install_project(job.inputs.install, job.project, places, run_uv)
        job.outlet.say("\n".join(python.installed) or "nothing is missing")
    return python


def network_variables(job: Job, environment: Mapping[str, str]) -> dict[str, str]:
    """Say what the tests reach, and have no name server asked by what the guard does not see.

    Hosts that may be reached are looked up now, in the image, where the file of hosts is this run's own.
    """
    allowed = [*job.inputs.network_allow, *NETWORK_ALLOW.check(environment.get(NETWORK_ALLOW.name, ""))]
    if contained():
        allowed += read_services(job.environ, job.workspace)
        note_hosts(allowed)
    chosen = {NETWORK.name: job.inputs.network, NETWORK_ALLOW.name: " ".join(dict.fromkeys(allowed))}
    if job.inputs.network != "open" and (contained() or not any(map(has_to_be_looked_up, allowed))):
        chosen |= without_servers(environment)
    return chosen


def test(
    job: Job,
    home: Home,
    environment: Mapping[str, str],
    python: PythonEnvironment,
    access: Access,
    redactor: Redactor,
) -> Run:
    """Run the suite, its output passed on and its progress shown."""
    inputs, outlet = job.inputs, job.outlet
    handover = access.open_pipe()
    # Two shards may find two baselines, and each would divide the suite by its own.
    by_file = inputs.shard and inputs.baseline and not artifact_pattern(inputs.baseline)
    durations = job.project / inputs.baseline if by_file and inputs.baseline else None
    suite = Suite(
        command=pytest_command(python.python, inputs, color=outlet.on_github, durations=durations),
        environment={
            **environment,
            "PATH": scripts_path(python.scripts, environment.get("PATH", "")),
            WORKSPACE: str(job.workspace),
            **network_variables(job, environment),
            LIVE_FD: str(handover),
            **chosen_variables(inputs),
        },
        project=job.project,
        workspace=job.workspace,
        timeout=inputs.test_timeout,
        user=home.user,
        descriptors=(handover,),
    )
    stream = redactor.stream()
    lines = Lines(lambda line: outlet.pass_on(stream.feed(f"{line}\n").removesuffix("\n")))
    with outlet.group("Run the tests"):
        with kept_journal(job.workspace, job.report_folder, redactor) as journal:
            outcome = run_suite(
                suite,
                cancellation=job.cancellation,
                on_output=lines.feed,
                on_progress=outlet.show_progress,
                on_events=journal.feed,
            )
        lines.close()
        if outcome.failures or not outcome.results:
            outlet.release_output()
    if outcome.refused:
        raise InputError(
            f"pytest did not run: {lines.complaint or 'it gave no reason'}",
            hint="Look at `tests`, `pytest-args` and the project's pytest settings; pytest's own words are above.",
        )
    if not (outcome.results or outcome.failures or outcome.cancelled or inputs.allow_empty):
        shard = f"`shard: {inputs.shard}` may have got none of so few tests. " if inputs.shard else ""
        deselected = f" ({outcome.deselected} deselected)" if outcome.deselected else ""
        raise NoTestsError(
            f"no test was collected{deselected}",
            hint=f"{shard}Look at `tests`, `pytest-args` and `testpaths`; with `allow-empty: true` such a run passes.",
        )
    return outcome


def report(
    job: Job,
    outcome: Run,
    comparison: Comparison | None,
    tampered: Sequence[str],
    trail: Trail,
    units: Sequence[Unit],
) -> None:
    """Say what happened: annotations, summary, outputs, files."""
    inputs, outlet, context = job.inputs, job.outlet, job.context
    record_tests(trail.audit, outcome)
    notes = [f"The tests wrote to {name}; it was put back as it was." for name in tampered]
    if outcome.not_run and not outcome.cancelled:
        count = len(outcome.not_run)
        notes.append(f"{count} collected test{'' if count == 1 else 's'} did not run.")
    if outcome.dropped:
        records = "one record" if outcome.dropped == 1 else f"{outcome.dropped} records"
        notes.append(f"The test process wrote {records} that pipeproof could not read as results; they were left out.")
    for note in notes:
        outlet.warn(note)
    newly_failing = {result.id for result in comparison.newly_failing} if comparison else ()
    links = Links(context.link_to if context and context.repository and context.sha else None)
    faults = Faults()
    summary = ""
    files: dict[str, Callable[[Path], None]] = {
        CTRF: lambda path: write_ctrf(outcome, path, inputs.title),
        JUNIT: lambda path: write_junit(outcome, path, inputs.title),
        STATEMENT: lambda path: write_statement(outcome, job.environ, path),
        SARIF: lambda path: write_text(path, render_sarif(outcome, job.workspace, newly_failing)),
        COBERTURA: lambda path: write_cobertura(units, job.workspace, outcome.started, path),
    }
    with tempfile.TemporaryDirectory(prefix="pipeproof-report-", dir=scratch_root()) as made:
        for name, write in files.items():
            with faults.held(), said_of_files(job):
                write(Path(made) / name)
        with faults.held():
            summary = render_summary(
                outcome,
                inputs.title,
                links,
                workspace=job.workspace,
                notes=notes,
                comparison=comparison,
                exercised=render_coverage(units, dict(inputs.fail_under)) + render_exercised(outcome, job.workspace),
                diagrams=render_diagrams(outcome),
            )
            with said_of_files(job):
                write_text(Path(made) / SUMMARY, summary)
        with faults.held(), said_of_files(job):
            place_report(job, Path(made), trail)
    with faults.held():
        outlet.annotate(annotations(outcome, inputs.annotations, job.workspace, newly_failing))
    if summary and (inputs.summary == "always" or (inputs.summary == "on-failure" and outcome.conclusion != "success")):
        with faults.held():
            outlet.add_summary(summary)
    with faults.held():
        comment(job, outcome, comparison, notes, trail)
    with faults.held():
        stated = bool(job.environ.get("GITHUB_SHA"))
        outlet.set_outputs(outputs(outcome, job.report, job.workspace, trail.account_id, stated=stated))
    with faults.held():
        outlet.draw_totals(outcome, os.path.relpath(job.report))
    faults.raise_first()


class Faults:
    """Faults in steps that need nothing of each other: all steps are taken, and then the first fault is raised."""

    def __init__(self) -> None:
        self._first: Exception | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold what is raised in here."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - it is raised when the other steps have been taken
            self._first = self._first or error

    def raise_first(self) -> None:
        """Raise what was held."""
        if self._first is not None:
            raise self._first


@contextmanager
def said_of_files(job: Job) -> Iterator[None]:
    """Warn of files that cannot be written: the disk is full, say."""
    try:
        yield
    except OSError as error:
        job.outlet.warn(f"the report's files could not be written to {job.inputs.report_dir}: {error}")


def place_report(job: Job, made: Path, trail: Trail) -> None:
    """Put what was written, the secrets taken out, in the report's folder."""
    head = trail.audit.write(made / AUDIT)
    rewrite_files(made, PurePath(), trail.redactor.redact_bytes)
    redact_own_files(job, trail.redactor)
    place_files(made, job.workspace, job.report_folder)
    remove_journal(job.workspace, job.report_folder)
    if head and job.outlet.on_github:
        job.outlet.say(f"{AUDIT}: {len(trail.audit.lines)} records, the last has the hash {head}")


def write_statement(outcome: Run, environment: Mapping[str, str], path: Path) -> None:
    """Write the statement about the tests' result, where there is something to state."""
    if statement := build_statement(outcome, environment):
        write_text(path, f"{json.dumps(statement, ensure_ascii=False)}\n")


def write_cobertura(units: Sequence[Unit], workspace: Path, started: float, path: Path) -> None:
    """Write the coverage, where there is any."""
    if covered := render_cobertura(units, workspace, started):
        write_text(path, covered)


def comment(job: Job, outcome: Run, comparison: Comparison | None, notes: Sequence[str], trail: Trail) -> None:
    """Write the comment on the pull request, where one is asked for."""
    inputs = job.inputs
    if inputs.pr_comment == "never" or outcome.cancelled:
        return
    comment_on_pull_request(
        outcome,
        inputs.title,
        open_api(job),
        job.context,
        read_event(job.context) if job.context else {},
        workspace=job.workspace,
        notice=lambda text: job.outlet.annotate([Annotation("notice", "pipeproof", text)]),
        redact=trail.redactor.redact,
        notes=notes,
        comparison=comparison,
        create=inputs.pr_comment == "always" or outcome.conclusion != "success",
    )
