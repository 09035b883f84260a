"""Buildkite: the job's ID token, asked of its agent.

Sources: buildkite.com/docs, "buildkite-agent oidc" (`request-token`, which prints the token; since 3.104 it wants the
Job API to have it redacted) and "Environment variables" (`BUILDKITE_PULL_REQUEST_REPO`).
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeproof.identity.eligibility import Eligibility
from pipeproof.identity.token import IdToken, IdTokenError, decode_claims
from pipeproof.transport import Transport

_PATIENCE = 120.0
"""Seconds that the agent may take; it tries again by itself."""
_ADDRESS = re.compile(r"(?:\w+://)?(?:[^@/]+@)?(?P<host>[\w.-]+)(?::\d+(?=/))?[:/]+(?P<path>[^/?#][^?#]*?)/?")
_NO_JOB_API = "Job API"
_MISSING = (
    "Put buildkite-agent on the PATH; the docker plugin does by `mount-buildkite-agent: true` "
    "(and hands on BUILDKITE_AGENT_ACCESS_TOKEN)."
)


@dataclass(frozen=True, slots=True)
class AgentsTokens:
    """The agent that gives out ID tokens of this job."""

    agent: str
    environment: Mapping[str, str] = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token by which the agent speaks for the job."""
        token = self.environment.get("BUILDKITE_AGENT_ACCESS_TOKEN")
        return (token,) if token else ()

    def fetch(
        self,
        audience: str,
        transport: Transport,  # noqa: ARG002  the agent has one of its own
        mask: Callable[[str], None],
        now: Callable[[], float],
    ) -> IdToken:
        """Return a new ID token.

        Raises:
            IdTokenError: The agent gave none.
        """
        command = [self.agent, "oidc", "request-token", "--audience", audience]
        done = self._run(command)
        if done.returncode and _NO_JOB_API in done.stderr:  # in a container: the mask and the redaction are ours then
            done = self._run([*command, "--skip-redaction"])
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise IdTokenError(
                f"Buildkite's agent gave no ID token for the audience {audience!r}: "
                f"{said[-1] if said else f'it ended with {done.returncode}'}",
                hint="Run `buildkite-agent oidc request-token --audience …` in a step of the same pipeline.",
            )
        value = done.stdout.strip()
        mask(value)
        claims = decode_claims(value, "What Buildkite's agent printed")
        issued = claims.values.get("iat")
        skew = now() - issued if isinstance(issued, int | float) else 0.0
        return IdToken(value, claims, claims.lifetime, skew, issuer="Buildkite")

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(
                command,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise IdTokenError(f"Buildkite's agent gave no ID token: {error}.", hint=_MISSING) from error


def find_agents_tokens(environment: Mapping[str, str]) -> AgentsTokens | None:
    """Return the agent of the PATH; None where there is none."""
    agent = shutil.which("buildkite-agent", path=environment.get("PATH", ""))
    return AgentsTokens(agent, environment) if agent else None


def judge_buildkite(environment: Mapping[str, str]) -> Eligibility:
    """Decide whether a job of Buildkite's may have credentials: by the repository of a pull request."""
    if environment.get("BUILDKITE_PULL_REQUEST", "false") not in {"", "false"}:
        there, home = (
            name_repository(environment.get(name, "")) for name in ("BUILDKITE_PULL_REQUEST_REPO", "BUILDKITE_REPO")
        )
        if not there or there != home:
            fork = there or "a fork that is not named"
            return Eligibility("withheld", f"the code comes from {fork}: forks get no credentials", foreign=True)
    if find_agents_tokens(environment) is None:
        reason = "there is no buildkite-agent to ask for the job's identity"
        return Eligibility("withheld", reason, _MISSING, lacks_right=True)
    return Eligibility("allowed")


def name_repository(address: str) -> str:
    """Return `host/owner/name` of a repository's address, whichever way it is fetched; upper case does not count.

    `git@github.com:acme/orders.git`, `ssh://git@github.com/acme/orders` and `https://github.com/acme/orders.git` are
    one. What is no such address has no name.
    """
    found = _ADDRESS.fullmatch(address.strip())
    return f"{found['host']}/{found['path'].removesuffix('.git')}".lower() if found else ""
