"""What is wrong with inputs that are each well-formed, by themselves or together."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeproof.credentials.request import (
    DatabaseLogin,
    OidcVariable,
    TokenExchange,
    find_policy_faults,
    parse_session_policy,
)
from pipeproof.inputs.declared import Inputs
from pipeproof.inputs.parsers import artifact_pattern


def find_conflicts(inputs: Inputs, workspace: Path) -> Iterator[str]:
    """Say what is wrong: the input's name and what to do, one a problem."""
    root = workspace.resolve()
    for name, value in (("working-directory", inputs.working_directory), ("report-dir", inputs.report_dir)):
        if not _lies_below(root, value):
            yield f"{name}: {value!r} leaves the workspace {workspace}; give a path below it"
        elif name == "report-dir" and (file := _file_on_the_way(root, value)):
            yield f"report-dir: {value!r} cannot be a folder, as {str(file.relative_to(root))!r} is a file"
    project = root / inputs.working_directory
    if not _is(Path.is_dir, project):
        yield f"working-directory: {inputs.working_directory!r} is not a folder of the workspace {workspace}"
    yield from _of_testing(inputs)
    if inputs.fail_under and inputs.shard:
        yield "fail-under: a shard exercises a part of it all; give it to the job that has `merge`, not with `shard`"
    if inputs.merge and inputs.shard:
        yield "merge: runs no test, so there is no `shard` of it; leave one of them out"
    if inputs.durations and not _is(Path.exists, root / inputs.durations):
        yield f"durations: {inputs.durations!r} does not exist (looked in {workspace})"
    if inputs.quarantine and not _lies_below(root, inputs.quarantine):
        yield f"quarantine: {inputs.quarantine!r} leaves the workspace {workspace}; give a path below it"
    if inputs.baseline and not artifact_pattern(inputs.baseline) and not _is(Path.exists, project / inputs.baseline):
        yield f"baseline: {inputs.baseline!r} does not exist (looked in {project})"
    if inputs.history and not _is(Path.is_dir, project / inputs.history):
        yield f"history: {inputs.history!r} is no folder (looked in {project})"
    yield from _credentials(inputs, project)
    yield from _token_file(inputs, root)
    if inputs.dbt_project_dir and not _is(Path.is_file, project / inputs.dbt_project_dir / "dbt_project.yml"):
        yield f"dbt-project-dir: {inputs.dbt_project_dir!r} has no dbt_project.yml (looked in {project})"


def _of_testing(inputs: Inputs) -> Iterator[str]:
    """Say what does not go together in how the tests are run and judged."""
    if inputs.fail_on in ("regressions", "new-flaky") and not inputs.baseline:
        yield f"fail-on: {inputs.fail_on!r} needs `baseline`, the earlier run to compare with"
    if debugging := {"--pdb", "--trace"} & set(inputs.pytest_args):
        flag = min(debugging)
        yield f"pytest-args: {flag} needs a terminal, which the tests do not have here; run `pytest {flag}` itself"
    if inputs.early_flake_detection and not inputs.baseline:
        yield "early-flake-detection: needs `baseline`, the earlier run whose tests are not new"


def _lies_below(root: Path, value: str) -> bool:
    try:
        written, real = Path(os.path.normpath(root / value)), (root / value).resolve()
        return written.is_relative_to(root) and real.is_relative_to(root)
    except (OSError, ValueError, RuntimeError):  # a loop of links, a name that no file can have
        return False


def _file_on_the_way(root: Path, value: str) -> Path | None:
    """Return what of a path below the root is there and is no folder."""
    path = root / value
    ways = (one for one in (path, *path.parents) if one != root and one.is_relative_to(root))
    return next((one for one in ways if _is(Path.exists, one) and not _is(Path.is_dir, one)), None)


def _is(kind: Callable[[Path], bool], path: Path) -> bool:
    """Ask of a path that a user wrote; one that cannot even be looked up is nothing."""
    try:
        return kind(path)
    except (OSError, ValueError):
        return False


_OF_A_SESSION = (
    "aws_session_policy",
    "aws_managed_session_policies",
    "aws_chained_role",
    "aws_web_identity_token_file",
    "rds_auth_token",
)


def _session(inputs: Inputs, project: Path) -> Iterator[str]:
    """Say what does not go together in the session of a role of AWS's."""
    policy = None
    if inputs.aws_session_policy:
        try:
            policy = parse_session_policy(inputs.aws_session_policy, project)
        except ValueError as error:
            yield f"aws-session-policy: {error}"
    for name in _OF_A_SESSION:
        if getattr(inputs, name) and not inputs.aws_role_to_assume:
            yield f"{name.replace('_', '-')}: needs aws-role-to-assume, whose session it works on"
    role = inputs.aws_chained_role or inputs.aws_role_to_assume
    for fault in find_policy_faults(role, policy, inputs.aws_managed_session_policies) if role else ():
        yield f"aws-managed-session-policies: {fault}"
    if inputs.aws_role_external_id and not inputs.aws_chained_role:
        yield (
            "aws-role-external-id: needs aws-chained-role: an ID token is exchanged without an external id, "
            "and only a role that is assumed from another one can be asked for it"
        )
    if inputs.aws_chained_role and inputs.aws_role_duration_seconds > 3600:
        yield "aws-role-duration-seconds: is at most 3600 with aws-chained-role, which is AWS's limit"


def _token_file(inputs: Inputs, root: Path) -> Iterator[str]:
    """Say where an ID token must not lie: what the tests can read they can exchange themselves."""
    file = inputs.aws_web_identity_token_file
    if file and _lies_below(root, file):
        yield f"aws-web-identity-token-file: {file!r} lies in the workspace, where the tests read it; put it elsewhere"


def _credentials(inputs: Inputs, project: Path) -> Iterator[str]:
    """Say what does not go together among the inputs that ask for credentials."""
    if inputs.aws_role_to_assume and not inputs.aws_region:
        yield "aws-region: is needed with aws-role-to-assume, such as eu-central-1"
    yield from _session(inputs, project)
    if inputs.credentials_mode == "broker" and not inputs.aws_role_to_assume:
        yield "credentials-mode: 'broker' needs aws-role-to-assume, whose session it renews"
    if inputs.gcp_service_account and not inputs.gcp_workload_identity_provider:
        yield "gcp-service-account: needs gcp-workload-identity-provider"
    if bool(inputs.azure_tenant_id) != bool(inputs.azure_client_id):
        yield "azure-tenant-id, azure-client-id: each needs the other"
    parts: tuple[DatabaseLogin | OidcVariable | TokenExchange, ...]
    parts = (*inputs.rds_auth_token, *inputs.oidc_tokens, *inputs.token_exchange)
    names = [part.variable for part in parts]
    for variable in sorted({variable for variable in names if names.count(variable) > 1}):
        yield f"oidc-tokens, token-exchange, rds-auth-token: set the variable {variable} more than once"
