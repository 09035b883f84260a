"""Merging: the reports of all shards become one run, and their audits stay what they were.

`results/shards` puts the results together. Each shard leaves a `shard.json` in its report's folder. What is wrong with
them is a failure of the merged run, so that its report still shows all that did run.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeproof.credentials.audit import Audit, verify_chain
from pipeproof.errors import InputError, NoTestsError
from pipeproof.inputs import Shard
from pipeproof.job import Job, Trail
from pipeproof.report.files import AUDIT, SHARD
from pipeproof.results.lossless import from_json, to_json
from pipeproof.results.model import Failure, Run
from pipeproof.results.redacted import redact_run
from pipeproof.results.shards import Found, ShardRun, find_differences, merge_runs, pick_shards
from pipeproof.untrusted import read_file

_LIMIT = 1 << 30
"""Bytes of a shard's report that are read."""


def merge(job: Job, trail: Trail) -> tuple[Run, int | None]:
    """Put the reports of shards together; give what came of it, and the exit code where it is not the run's own.

    Raises:
        InputError: There are none, or a file is none.
        NoTestsError: No shard had a test.
    """
    found = read_shards(job.inputs.merge, job.workspace)
    outcome, code, shards = merge_shards(found, job.environ)
    for file in gather_audits(shards, job.workspace, trail.audit):
        if isinstance(file, str):
            outcome = replace(outcome, failures=(Failure("session", "", f"merge: {file}"), *outcome.failures))
            code = InputError.exit_code
        else:
            trail.files[file[0]] = file[1]
    if not (outcome.results or outcome.failures or outcome.cancelled or job.inputs.allow_empty):
        raise NoTestsError("no shard has a test", hint="With `allow-empty: true` such a run passes.")
    job.outlet.say(f"merged {len(shards)} shards: {', '.join(one.place for one in shards)}")
    return outcome, code


def describe_shard(
    shard: Shard, run: Run, code: int | None, workspace: Path, environ: Mapping[str, str], audit: str
) -> str:
    """Return the text of `shard.json`.

    Args:
        shard: Which part the run is.
        run: What came of it, redacted, before the quarantine excuses anything.
        code: What the run ends with where its tests could not be run.
        workspace: The folder that files are named from.
        environ: The runner's variables.
        audit: The hash of the last line of the audit.
    """
    run_id, attempt = (environ.get(name, "") for name in ("GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT"))
    return f"{to_json(ShardRun(shard, run, code, str(workspace), _commit(environ), run_id, attempt, audit))}\n"


def _commit(environ: Mapping[str, str]) -> str:
    """Return the commit of a run on GitHub or GitLab; Buildkite's may be `HEAD` in one job and a hash in the next."""
    return environ.get("GITHUB_SHA") or environ.get("CI_COMMIT_SHA") or ""


def read_shards(folders: Iterable[str], workspace: Path) -> list[Found]:
    """Read the shards that folders hold, or the folders in them.

    Raises:
        InputError: There are none, or a file is none.
    """
    folders = list(folders)
    found = []
    for folder in folders:
        files = sorted((workspace / folder).rglob(SHARD))
        if not files:
            raise InputError(f"merge: {folder} holds no {SHARD}", hint=f"A run with `shard` leaves one; {_ABSENT}")
        found += [_read(file, workspace) for file in files]
    return found


_ABSENT = "look into the jobs of the shards, and whether their report-dir was uploaded and downloaded whole."


def _read(file: Path, workspace: Path) -> Found:
    place = str(file.parent.relative_to(workspace) if file.parent.is_relative_to(workspace) else file.parent)
    try:
        part = from_json(ShardRun, read_file(file, limit=_LIMIT))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise InputError(f"merge: {file} is no shard's report ({type(error).__name__}: {error})") from None
    # Files are named from the workspace of the merging job, which has the sources to look into.
    if part.workspace != str(workspace):
        old, new = f"{part.workspace}/", f"{workspace}/"
        part = replace(part, run=redact_run(part.run, lambda text: text.replace(old, new)))
    return Found(place, part)


def merge_shards(found: Sequence[Found], environ: Mapping[str, str]) -> tuple[Run, int | None, list[Found]]:
    """Put shards together; give the run, the exit code where it is not the run's own, and which shards were taken."""
    shards, problems = pick_shards(found, _commit(environ), environ.get("GITHUB_RUN_ID", ""))
    problems += find_differences(shards)
    run = merge_runs(shards) if shards else Run()
    codes = [one.part.exit_code for one in shards if one.part.exit_code]
    failures = tuple(Failure("session", "", f"merge: {problem}") for problem in problems)
    code = InputError.exit_code if problems else max(codes, default=None)
    return replace(run, failures=(*failures, *run.failures)), code, shards


def gather_audits(shards: Sequence[Found], workspace: Path, audit: Audit) -> Iterator[tuple[str, bytes] | str]:
    """Yield each shard's audit as a file of the merged report, name and content; a text is what is wrong with one.

    The merged audit has a record of each, with the hash of its last line, so its own chain holds theirs.
    """
    for one in shards:
        try:
            data = read_file(workspace / one.place / AUDIT, limit=_LIMIT)
            count, head = verify_chain(data.decode("utf-8", "replace"))
        except (OSError, ValueError) as error:
            if one.part.audit:
                yield f"the {AUDIT} of {one.name} cannot be verified: {error}"
            continue
        if head != one.part.audit:
            yield f"the {AUDIT} of {one.name} ends with {head or 'nothing'}, not with {one.part.audit or 'nothing'}"
            continue
        if head:
            name = audit_name(one.part.shard)
            audit.record({"event": "shard", "shard": str(one.part.shard), "file": name, "records": count, "head": head})
            yield name, data


def audit_name(shard: Shard) -> str:
    """Return what a shard's audit is called in the merged report."""
    return f"audit-{shard.index}-of-{shard.total}.jsonl"
