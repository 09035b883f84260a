"""What the steps of one run share: the job, and what is gathered on its way."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pipeproof.access import make_audit
from pipeproof.credentials.audit import Audit
from pipeproof.github.api import API_PATIENCE, Api
from pipeproof.github.base import find_base
from pipeproof.github.context import Context, read_event
from pipeproof.github.file_commands import Snapshot
from pipeproof.inputs import Inputs
from pipeproof.outlets.outlet import Outlet
from pipeproof.redaction import Redactor
from pipeproof.results.model import Run
from pipeproof.sandbox.process import Cancellation
from pipeproof.transport import Transport


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
    """What a run gathers on its way, for the report.

    Attributes:
        redactor: Takes the secrets out of what is written.
        audit: What was done with credentials.
        account_id: AWS's, where there is one.
        unjudged: What came of the tests before the quarantine and thresholds are held against it, and the exit code
            where it is not the run's own: a shard leaves this to the job that merges.
        files: Further files of the report: names and contents.
    """

    redactor: Redactor
    audit: Audit
    account_id: str | None = None
    unjudged: tuple[Run, int | None] | None = None
    files: dict[str, bytes] = field(default_factory=dict)


def follow(job: Job) -> Trail:
    """Have all that is written go through one redactor."""
    redactor = Redactor()
    job.outlet.redact = redactor.redact
    if job.inputs.github_token:
        job.outlet.mask(job.inputs.github_token)
        redactor.add(job.inputs.github_token)
    return Trail(redactor, make_audit(job.environ, redactor))


def open_api(job: Job) -> Api | None:
    """GitHub's API, where the run is one of GitHub's and has a token for it."""
    if job.context is None or not job.inputs.github_token:
        return None
    return Api(
        job.context.api_url, job.context.repository, job.inputs.github_token, Transport(job.environ, API_PATIENCE)
    )


def base_of(context: Context) -> str | None:
    """Return the branch that a run is held against; None where it is the run's own."""
    return find_base(context.event_name, context.ref, read_event(context))
