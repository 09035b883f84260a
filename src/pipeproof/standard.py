"""The standard that a run is held against: baseline, quarantine, history. Most have none, and load nothing for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeproof.inputs import artifact_pattern
from pipeproof.job import Job, base_of, open_api

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeproof.results.past import History
    from pipeproof.results.quarantine import Entry
    from pipeproof.results.renames import Earlier


@dataclass(frozen=True, slots=True)
class Standard:
    """What a run is held against.

    Attributes:
        earlier: The tests of the baseline by their node ids; None where there is no baseline.
        entries: The quarantine.
        history: What earlier reports say; None where none was asked for.
    """

    earlier: "Mapping[str, Earlier] | None" = None
    entries: "tuple[Entry, ...]" = ()
    history: "History | None" = None


def read_standard(job: Job) -> Standard:
    """Read what the run is held against, before any test of it runs: a test may write over it.

    Raises:
        InputError: A part of it is not there, or is wrong.
    """
    return Standard(_read_earlier(job), _read_excuses(job), _read_history(job))


def _read_earlier(job: Job) -> "dict[str, Earlier] | None":
    """Read the baseline: a file of the workspace, or what the base branch's last run has left."""
    inputs, context = job.inputs, job.context
    pattern = artifact_pattern(inputs.baseline)
    if inputs.baseline is None:
        return None
    from pipeproof.history import find_baseline
    from pipeproof.results.baseline import read_baseline

    if pattern is None:
        return read_baseline(job.project / inputs.baseline)
    if context is None:
        job.outlet.say("There is no baseline: `baseline: auto` looks into the artifacts of a workflow on GitHub.")
        return None
    return find_baseline(open_api(job), context.run_id, base_of(context), pattern, inputs.title, job.outlet.say)


def _read_excuses(job: Job) -> "tuple[Entry, ...]":
    """Read the quarantine: of a branch that is proposed, the one of the branch that it is proposed to."""
    if not job.inputs.quarantine:
        return ()
    from pipeproof.excuses import read_quarantine

    base = base_of(job.context) if job.context else None
    return read_quarantine(job.inputs.quarantine, job.workspace, base, open_api(job), job.outlet.warn)


def _read_history(job: Job) -> "History | None":
    if not job.inputs.history:
        return None
    from pipeproof.results.past import read_history

    return read_history(job.project / job.inputs.history)
