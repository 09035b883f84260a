"""GitLab: ID tokens that stand in variables of the job, one for each audience, from its start to its time-out.

Sources: docs.gitlab.com, "OpenID Connect (OIDC) authentication using ID tokens" (`id_tokens`, `aud` one text or a
list) and "Predefined CI/CD variables reference" (where a merge request's code comes from).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeproof.identity.eligibility import Eligibility
from pipeproof.identity.token import IdToken, IdTokenError, decode_claims, keep_token
from pipeproof.transport import Transport

_RENEWED = "GitLab issues it once, for the job's `timeout`: raise that, or ask for shorter sessions in fewer tests."
_HOMES = (
    ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_MERGE_REQUEST_PROJECT_ID", "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"),
    (
        "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY",
        "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY",
        "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY",
    ),
)
"""Where proposed code comes from, where it is proposed to, and the name of the first."""
_PROPOSALS = {"merge_request_event": 0, "external_pull_request_event": 1}
"""The pipeline sources that run proposed code, and the variables of [_HOMES][] that have to be there then."""


@dataclass(frozen=True, slots=True)
class KeptTokens:
    """The ID tokens that the job has, by the variables that hold them."""

    values: Mapping[str, str] = field(repr=False)

    @property
    def secrets(self) -> Sequence[str]:
        """The tokens."""
        return tuple(self.values.values())

    def fetch(
        self,
        audience: str,
        transport: Transport,  # noqa: ARG002  nobody is asked
        mask: Callable[[str], None],
        now: Callable[[], float],
    ) -> IdToken:
        """Return the token that was issued for `audience`.

        Raises:
            IdTokenError: None was, one is no token, or it has ended.
        """
        others: list[str] = []
        for variable, value in self.values.items():
            mask(value)
            audiences = decode_claims(value, f"${variable}").audiences
            if audience in audiences:
                return keep_token(value, f"${variable}", now(), "GitLab", _RENEWED)
            others.append(f"${variable} is for {' and '.join(map(repr, audiences))}")
        raise IdTokenError(
            f"The job has no ID token for the audience {audience!r}: {', '.join(others)}.",
            hint=f"Add one to the job's `id_tokens:` with `aud: {audience}`, and its name to id-token-variables.",
        )


def find_kept_tokens(environment: Mapping[str, str], variables: Sequence[str]) -> KeptTokens | None:
    """Return the tokens that stand in `variables`; None where none of them is set."""
    values = {name: environment[name] for name in variables if environment.get(name)}
    return KeptTokens(values) if values else None


def judge_gitlab(environment: Mapping[str, str], variables: Sequence[str]) -> Eligibility:
    """Decide whether a job of GitLab's may have credentials: by where the proposed code comes from."""
    needed = _PROPOSALS.get(environment.get("CI_PIPELINE_SOURCE", ""))
    for number, (source, target, name) in enumerate(_HOMES):
        there, home = environment.get(source, ""), environment.get(target, "")
        if there != home or (number == needed and not there):
            fork = environment.get(name) or "a fork that is not named"
            return Eligibility("withheld", f"the code comes from {fork}: forks get no credentials", foreign=True)
    if find_kept_tokens(environment, variables) is None:
        names = ", ".join(f"${name}" for name in variables)
        return Eligibility(
            "withheld",
            f"the job has no ID token in {names}, so there is no identity of its own",
            f"Give the job `id_tokens: {{{variables[0] if variables else 'NAME'}: {{aud: …}}}}`, with the audience of "
            "each service, and name other variables by id-token-variables.",
            lacks_right=True,
        )
    return Eligibility("allowed")
