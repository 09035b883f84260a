"""The credentials step of a run: whether it may have any, which ones, and how they reach the tests.

What the tests get goes through a pipe, as one JSON document that the plugin reads before their conftest files are
imported: not in their environment, where every test and every process that one starts would find it.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeproof.credentials.audit import Audit, describe_run
from pipeproof.credentials.lease import format_time
from pipeproof.credentials.request import (
    AwsRequest,
    AzureRequest,
    CredentialRequest,
    GoogleRequest,
    make_session_name,
    parse_session_policy,
)
from pipeproof.errors import CredentialsError
from pipeproof.events import MALFORMED
from pipeproof.identity.choice import find_source, judge_run
from pipeproof.identity.eligibility import Eligibility
from pipeproof.identity.token import IdTokenSource
from pipeproof.inputs import Inputs
from pipeproof.outlets.outlet import Outlet
from pipeproof.redaction import Redactor
from pipeproof.results.deeds import describe_evidence
from pipeproof.results.model import Run

NOTHING_ASKED = (
    "no credentials were asked for: set aws-role-to-assume or another of their inputs, "
    "or pass --live in pytest-args to use those that the workflow set itself"
)


@dataclass(frozen=True, slots=True)
class Access:
    """What the tests may have.

    Attributes:
        document: For the plugin, as `pipeproof.plugin.live` reads it.
        account_id: AWS's, where there is one.
    """

    document: Mapping[str, object]
    account_id: str | None = None

    @property
    def may_be_live(self) -> bool:
        """Whether live tests can run: with what the run has been given, or by `--live` with what the workflow set."""
        return not self.document.get("reason") or bool(self.document.get("own"))

    def open_pipe(self) -> int:
        """Return the document in a pipe: the descriptor to read it from, to hand to the tests' process."""
        reader, writer = os.pipe()
        # A pipe holds 64 KiB until someone reads; a longer document must not hold us up.
        threading.Thread(target=_write, args=(writer, json.dumps(self.document)), daemon=True).start()
        return reader


def _write(descriptor: int, text: str) -> None:
    with suppress(BrokenPipeError), os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def judge(event: Mapping[str, Any], environ: Mapping[str, str], variables: Sequence[str] = ()) -> Eligibility:
    """Decide whether the run may have credentials, before any code of the user's runs.

    Args:
        event: GitHub's payload.
        environ: The variables that the CI set.
        variables: Those that hold ID tokens on GitLab.

    Raises:
        CredentialsError: It may not even run: a fork's code with this repository's rights.
    """
    verdict = judge_run(event, environ, variables)
    if verdict.decision == "refused":
        raise CredentialsError(verdict.reason or "refused", hint=verdict.hint)
    return verdict


def make_audit(environ: Mapping[str, str], redactor: Redactor) -> Audit:
    """Return the audit of this run."""
    return Audit(describe_run(environ), time.time, redactor.redact)


def build_request(inputs: Inputs, project: Path, environ: Mapping[str, str]) -> CredentialRequest:
    """Return what the inputs ask for; they have been checked."""
    return CredentialRequest(
        aws=_build_aws(inputs, project, environ),
        databases=inputs.rds_auth_token,
        oidc_variables=inputs.oidc_tokens,
        exchanges=inputs.token_exchange,
        google=GoogleRequest(inputs.gcp_workload_identity_provider, inputs.gcp_service_account)
        if inputs.gcp_workload_identity_provider
        else None,
        azure=AzureRequest(inputs.azure_tenant_id, inputs.azure_client_id)
        if inputs.azure_tenant_id and inputs.azure_client_id
        else None,
        mode="broker" if inputs.credentials_mode == "broker" else "env",
    )


def _build_aws(inputs: Inputs, project: Path, environ: Mapping[str, str]) -> AwsRequest | None:
    if not inputs.aws_role_to_assume or not inputs.aws_region:
        return None
    policy, file = inputs.aws_session_policy, inputs.aws_web_identity_token_file
    return AwsRequest(
        role=inputs.aws_role_to_assume,
        region=inputs.aws_region,
        session_name=inputs.aws_role_session_name or make_session_name(environ),
        duration=inputs.aws_role_duration_seconds,
        session_policy=parse_session_policy(policy, project) if policy else None,
        allowed_accounts=inputs.aws_allowed_account_ids,
        audience=inputs.aws_audience,
        endpoint=inputs.aws_sts_endpoint,
        chained_role=inputs.aws_chained_role,
        managed_policies=inputs.aws_managed_session_policies,
        external_id=inputs.aws_role_external_id,
        token_file=Path(file) if file else None,
    )


@contextmanager
def grant(
    request: CredentialRequest,
    verdict: Eligibility,
    environ: Mapping[str, str],
    *,
    outlet: Outlet,
    redactor: Redactor,
    audit: Audit,
    directory: Path,
    owner: tuple[int, int] | None,
    variables: Sequence[str] = (),
) -> Iterator[Access]:
    """Have the run's credentials, renewed until the block ends; or the reason why there are none.

    Args:
        directory: Where token files go: outside the workspace, the supervisor's own.
        owner: The tests' user and group, where they have one of their own.
        variables: Those that hold ID tokens on GitLab.

    Raises:
        CredentialsError: They were asked for and the run may have them, and they could not be had; or its job lacks the
            right to ask for them.
    """
    if not request:
        reason = verdict.reason if verdict.foreign else NOTHING_ASKED
        yield Access({"environment": {}, "reason": reason, "own": not verdict.foreign})
        return
    from pipeproof.credentials.registry import obtain, withhold

    without_ci = not verdict.foreign and not request.asks_identity
    if verdict.lacks_right and not without_ci:
        # A green run in which nothing live has run would say that the credentials work.
        raise CredentialsError(f"credentials were asked for, but {verdict.reason}", hint=verdict.hint)
    if verdict.decision != "allowed" and not without_ci:
        _explain_withheld(verdict, outlet)
        audit.record({"event": "withheld", "reason": verdict.reason})
        handover = withhold(request, verdict.reason or "").build_handover()
        yield Access({**handover, "own": not verdict.foreign})
        return
    source = find_source(environ, variables) if request.asks_identity else None
    tools = _make_tools(source, environ, _masking(outlet, redactor), audit, directory, owner)
    with obtain(request, tools) as issued:
        yield Access(issued.build_handover(), issued.account_id)


def _masking(outlet: Outlet, redactor: Redactor) -> Callable[[str], None]:
    def mask(secret: str) -> None:
        outlet.mask(secret)
        redactor.add(secret)

    return mask


def _make_tools(
    source: IdTokenSource | None,
    environ: Mapping[str, str],
    mask: Callable[[str], None],
    audit: Audit,
    directory: Path,
    owner: tuple[int, int] | None,
) -> Any:
    from pipeproof.credentials.lease import Tools
    from pipeproof.transport import Transport

    for secret in source.secrets if source else ():
        mask(secret)
    return Tools(source, Transport(environ), mask, audit.record, directory, owner)


def _explain_withheld(verdict: Eligibility, outlet: Outlet) -> None:
    text = f"Tests marked live are skipped: {verdict.reason}."
    if verdict.hint:
        outlet.warn(f"{text} {verdict.hint}")
    else:
        outlet.say(text)


def record_tests(audit: Audit, outcome: Run) -> None:
    """Note for the audit what the tests did: their flow runs, executions and dbt commands, and who had credentials."""
    for result in outcome.results:
        for record in result.evidence:
            with suppress(*MALFORMED, OSError):  # a time can be out of what the system knows
                kind, data = str(record["kind"]), record["data"]
                if kind == "live" and data["variables"]:
                    times = float(data["started"]), float(data["finished"])
                    audit.record_test(result.id, *times, [str(name) for name in data["variables"]])
                for event in describe_evidence(kind, data):
                    started = format_time(result.started or outcome.started)
                    audit.record({"test": result.id, "started": started, **event})
