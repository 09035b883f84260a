"""The run, told from start to end: inputs, install, tests, report.

Only this module and the command line end the process; they are given its environment.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path

from pipeproof.access import Access, build_request, grant, judge
from pipeproof.credentials.request import CredentialRequest
from pipeproof.errors import InputError, PipeproofError
from pipeproof.github.checkout_token import ADVICE, find_tokens
from pipeproof.github.context import read_context, read_event
from pipeproof.github.file_commands import Snapshot
from pipeproof.identity.eligibility import Eligibility
from pipeproof.inputs import action_values, read_inputs
from pipeproof.job import Job, Trail, follow
from pipeproof.outlets.choice import choose_outlet
from pipeproof.results.model import EXIT_CANCELLED, Failure, Run
from pipeproof.runner_files import Kept, kept_for_the_runner
from pipeproof.sandbox.environment import environment_for_tests
from pipeproof.sandbox.identity import Home, contained, make_home, scratch_root, user_for_tests
from pipeproof.sandbox.process import Cancellation, shield_supervisor
from pipeproof.scratch import scratch_folder
from pipeproof.standard import Standard, read_standard
from pipeproof.trial import install, test
from pipeproof.variables import DEBUG

_WEAKER = (
    "Outside of pipeproof's image the tests run as the same user as this step: they can write to the files by which it "
    "speaks to the runner, and read what it can (SECURITY.md, Without root)."
)


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
    outlet = choose_outlet(environ, workspace, files.commands if context else None)
    try:
        if not workspace.is_dir():
            raise InputError(f"{workspace} is not a folder", hint="Give the project's folder with --directory.")
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
    verdict = None if job.inputs.merge else judge_first(job)
    trail = follow(job)
    standard = read_standard(job)
    kept = Kept()
    if verdict is None:
        from pipeproof.merging import merge

        outcome, code = merge(job, trail)
    else:
        with scratch(job) as home, kept_for_the_runner(job, home) as kept:
            outcome, code = prove(job, home, verdict, trail, standard)
    from pipeproof.conclusion import conclude

    return conclude(job, outcome, code, trail, standard, kept)


def load_conclusion() -> None:
    """Load what the end of the run needs, while nothing else is to be done."""
    import pipeproof.conclusion  # noqa: F401


def judge_first(job: Job) -> Eligibility:
    """Decide what the run may have, and say what makes it weaker, before any code of the user's runs."""
    if job.context and not contained():
        job.outlet.say(_WEAKER)
    event = read_event(job.context) if job.context else {}
    verdict = judge(event, job.environ, job.inputs.id_token_variables)
    warn_of_tokens(job)
    return verdict


def prove(job: Job, home: Home, verdict: Eligibility, trail: Trail, standard: Standard) -> tuple[Run, int | None]:
    """Install, have credentials and test; give what came of it, and the exit code where it is not the run's own."""
    environment = environment_for_tests(job.environ, home=home.folder, without=job.inputs.id_token_variables)
    try:
        # Read before anything of the project's runs: a session's policy can be a file of the workspace.
        request = build_request(job.inputs, job.project, job.environ)
        python = install(job, home, environment)
        with credentials(job, home, request, verdict, trail) as access:
            known = None if standard.earlier is None else list(standard.earlier)
            return test(job, home, environment, python, access, trail.redactor, known, load_conclusion), None
    except PipeproofError as error:
        if job.cancellation.times:  # what fails then fails for that reason
            return Run(cancelled=True), EXIT_CANCELLED
        return Run(failures=(Failure("session", "", str(error)),)), error.exit_code


def warn_of_tokens(job: Job) -> None:
    """Point out a token that checkout left where the tests can read it."""
    if job.outlet.on_github:
        for place in find_tokens(job.workspace):
            shown = place.file.relative_to(job.workspace) if place.file.is_relative_to(job.workspace) else place.file
            job.outlet.warn(f"The checkout's token lies in {shown}, line {place.line}. {ADVICE}")


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
        variables=job.inputs.id_token_variables,
    )
    with ExitStack() as stack:
        with job.cancellation.interrupting():  # the runner does not wait until a token service has timed out
            access = stack.enter_context(granting)
        trail.account_id = access.account_id
        yield access


@contextmanager
def scratch(job: Job) -> Iterator[Home]:
    """Give the run a place of its own outside the workspace, gone afterwards."""
    with scratch_folder(root=scratch_root()) as base:
        yield make_home(base, user_for_tests(job.workspace) if contained() else None)
