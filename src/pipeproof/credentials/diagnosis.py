"""Why there are no credentials: one narrow message for each way in which an exchange fails.

The error codes are those of AWS STS (the API reference of `AssumeRole` and `AssumeRoleWithWebIdentity`). AWS gives the
same answer for a role that does not exist and for a trust policy that does not match, so that one message names both.
"""

import json
import re

from pipeproof.credentials.request import AwsRequest, Role
from pipeproof.credentials.sts import StsError
from pipeproof.errors import CredentialsError
from pipeproof.identity.token import Claims, IdToken
from pipeproof.transport import UnreachableError

SKEW = 240.0
"""Seconds of difference between two clocks that make tokens and signatures fail: AWS takes five minutes."""


class ExchangeError(CredentialsError):
    """A service gave no credentials for the ID token."""


class AccountNotAllowedError(ExchangeError):
    """The role is of an account that `aws-allowed-account-ids` does not name."""


class TrustMismatchError(ExchangeError):
    """The role does not trust this run, or is not there."""


class WrongAudienceError(ExchangeError):
    """The service does not accept the token's audience."""


class RoleNotFoundError(ExchangeError):
    """There is no such role."""


class ClockSkewError(ExchangeError):
    """Two clocks differ by so much that tokens or signatures are not valid."""


class TokenExpiredError(ExchangeError):
    """The ID token was no longer valid when it reached the service."""


class DurationTooLongError(ExchangeError):
    """The session was asked for longer than the role allows."""


class ThrottledError(ExchangeError):
    """The service went on asking to come back later."""


class ServiceUnreachableError(ExchangeError):
    """The service gave no answer."""


class PolicyRejectedError(ExchangeError):
    """The session policy is not one, or is too large."""


def explain_account(role: Role, allowed: frozenset[str], account: str) -> AccountNotAllowedError:
    """Return a role of another account."""
    return AccountNotAllowedError(
        f"{role.arn} is a role of account {account}; aws-allowed-account-ids has only {', '.join(sorted(allowed))}.",
        hint="Nothing was injected. Correct aws-role-to-assume or aws-chained-role, or allow the account.",
    )


def explain_unreachable(service: str, error: UnreachableError, advice: str) -> ServiceUnreachableError:
    """No answer from a service."""
    return ServiceUnreachableError(f"{service} cannot be reached: {error}.", hint=advice)


def explain_web_identity(refusal: StsError, request: AwsRequest, token: IdToken) -> CredentialsError:
    """Return why STS refused `AssumeRoleWithWebIdentity`."""
    role, code, message = request.role, refusal.code, refusal.message
    provider, audience = _name_provider(role, token.claims), " ".join(token.claims.audiences)
    if code == "InvalidIdentityToken" and "audience" in message.lower():
        return WrongAudienceError(
            f"AWS does not accept the audience {audience!r} "
            f"({'of aws-web-identity-token-file' if request.token_file else 'aws-audience'}): {message}",
            hint=f"Add it to the audiences (client ids) of {provider}, or "
            f"{'have the file issued for' if request.token_file else 'set aws-audience to'} one that it has.",
        )
    if code in {"ExpiredTokenException", "ExpiredToken"} or (
        code == "InvalidIdentityToken" and "expired" in message.lower()
    ):
        return explain_expiry("AWS", refusal.date, token, message)
    if code == "InvalidIdentityToken":
        return TrustMismatchError(
            f"AWS cannot check tokens of this run's issuer for account {role.account}: {message}",
            hint=f"Create the identity provider {provider} in IAM, with the audience {audience}.",
        )
    if code in {"AccessDenied", "IDPRejectedClaim"}:
        return _explain_trust(role, token.claims)
    return _explain_common(refusal, role, request)


def explain_chained(refusal: StsError, request: AwsRequest, role: Role, token: IdToken) -> CredentialsError:
    """Return why STS refused `AssumeRole` of the second role."""
    skewed = refusal.code in {"SignatureDoesNotMatch", "RequestExpired", "InvalidSignatureException"}
    if skewed and abs(token.skew) > SKEW:
        return _explain_skew("AWS", token)
    if refusal.code in {"AccessDenied", "AccessDeniedException"}:
        policy: dict[str, object] = {"Effect": "Allow", "Principal": {"AWS": request.role.arn}}
        policy["Action"] = "sts:AssumeRole"
        if request.external_id:
            policy["Condition"] = {"StringEquals": {"sts:ExternalId": request.external_id}}
        asked = "" if request.external_id else "; where it asks for an external id, set aws-role-external-id"
        return TrustMismatchError(
            f"{request.role.arn} may not assume aws-chained-role {role.arn}, or that is not there ({refusal.message}).",
            hint="The first needs `sts:AssumeRole` on the second; "
            f"the second's trust policy needs {_dump(policy)}{asked}.",
        )
    return _explain_common(refusal, role, request)


def explain_expiry(service: str, date: float | None, token: IdToken, message: str) -> CredentialsError:
    """Return why a token that was good when it was sent is refused as expired: by whose clock?"""
    issued, age = token.claims.values.get("iat"), token.claims.lifetime - token.lifetime
    ahead = date - issued - age if date is not None and isinstance(issued, int | float) else 0.0
    if abs(ahead) > SKEW:
        return ClockSkewError(
            f"{service} takes the ID token for expired: its clock is {abs(ahead):.0f} s "
            f"{'ahead of' if ahead > 0 else 'behind'} "
            f"{'the one that issued the token' if age <= 0 else 'this machine'} ({message})",
            hint="One of the two keeps the wrong time, or something holds answers back: look at proxies in between.",
        )
    if abs(token.skew) > SKEW:
        return _explain_skew(service, token)
    return TokenExpiredError(
        f"{service} says that the ID token has expired; it lives {token.claims.lifetime / 60:.0f} minutes ({message})",
        hint="The exchange took too long: look at the network and at proxies on the way, and run again.",
    )


def _explain_skew(service: str, token: IdToken) -> ClockSkewError:
    return ClockSkewError(
        f"This machine's clock is {abs(token.skew):.0f} s {'ahead of' if token.skew > 0 else 'behind'} "
        f"{token.issuer}'s, "
        f"so that {service} refuses what it signs.",
        hint="Set the self-hosted runner's clock (chrony, systemd-timesyncd) and run again.",
    )


def _explain_trust(role: Role, claims: Claims) -> TrustMismatchError:
    note = ""
    if re.match(r"repo:[^/@]+@\d+/", claims.text("sub")):
        note = " Its sub has GitHub's newer form with ids: a policy written for repo:owner/name:… does not match it."
    return TrustMismatchError(
        f"{role.arn} does not trust this run, or there is no such role (AWS does not say which).\n"
        f"  The token says: {claims.render()}.{note}",
        hint="Check the ARN. A trust policy statement that would match: "
        f"{_dump(_build_trust(role, claims))} — before you add it, ask whether every run with this sub may "
        "use the role: all pull requests share one, and all runs of a branch or environment.",
    )


def _build_trust(role: Role, claims: Claims) -> dict[str, object]:
    issuer = claims.text("iss").removeprefix("https://")
    return {
        "Effect": "Allow",
        "Principal": {"Federated": _name_provider(role, claims)},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{issuer}:aud": claims.audiences[0], f"{issuer}:sub": claims.text("sub")}},
    }


def _name_provider(role: Role, claims: Claims) -> str:
    return f"arn:{role.partition}:iam::{role.account}:oidc-provider/{claims.text('iss').removeprefix('https://')}"


def _explain_common(refusal: StsError, role: Role, request: AwsRequest) -> CredentialsError:
    code, message = refusal.code, refusal.message
    if code in {"MalformedPolicyDocument", "PackedPolicyTooLarge"} or (
        request.managed_policies and ("policy" in message.lower() or "policies" in message.lower())
    ):
        return PolicyRejectedError(
            f"AWS rejects aws-session-policy or aws-managed-session-policies: {message}",
            hint="See the IAM manual on session policies.",
        )
    if code in {"NoSuchEntity", "NoSuchEntityException"} or (code == "ValidationError" and "ARN" in message):
        return RoleNotFoundError(
            f"There is no role {role.arn}: {message}", hint="Check its ARN: account, path and name."
        )
    if "DurationSeconds" in message:
        return DurationTooLongError(
            f"aws-role-duration-seconds is {request.duration}, more than {role.arn} allows: {message}",
            hint="Lower it, or raise the role's maximum; `credentials-mode: broker` renews short sessions.",
        )
    if code in {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "HTTP 429"}:
        return ThrottledError(
            f"AWS STS in {request.region} is throttling this account, repeatedly asked ({message}).",
            hint="Start fewer jobs at once (`max-parallel`), or run this one again.",
        )
    if code in {"RegionDisabledException", "RegionDisabled"}:
        return ServiceUnreachableError(
            f"STS is not activated in {request.region} for account {role.account}.",
            hint="Activate it in IAM's account settings, or set aws-region to another region.",
        )
    return ExchangeError(
        f"AWS STS refused {role.arn}: {code}: {message}", hint="See the AWS STS API reference on this code."
    )


def _dump(policy: object) -> str:
    return json.dumps(policy, separators=(",", ":"))
