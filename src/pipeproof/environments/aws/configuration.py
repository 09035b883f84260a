"""The AWS configuration of a test run: keys that are not real, a region, and nothing of what the machine says.

Profiles, SSO, web identities, container and instance credentials and `AWS_ENDPOINT_URL` are all out of reach, so that a
client made anywhere, also while the user's modules are imported, can only mean the stubs.
"""

import os
from collections.abc import Mapping
from functools import cache

from pipeproof.errors import SetupError
from pipeproof.text import closest

ACCOUNT = "123456789012"
"""The account that the stubs live in: moto's."""

REGION = "us-east-1"
"""The region where nobody says another one."""

_SET: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_SECURITY_TOKEN": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
_UNSET_PREFIXES = ("AWS_ENDPOINT_URL", "AWS_CONTAINER_", "AWS_BEARER_TOKEN")
_UNSET = frozenset(
    {
        "AWS_ACCOUNT_ID",
        "AWS_CREDENTIAL_EXPIRATION",
        "AWS_DEFAULT_PROFILE",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
        "AWS_STS_REGIONAL_ENDPOINTS",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    }
)


def credential_variables(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Return what to set (and, where `None`, to unset) so that AWS's SDKs find no key, profile, role or endpoint."""
    gone = {name: None for name in environment if name in _UNSET or name.startswith(_UNSET_PREFIXES)}
    return {**gone, **_SET}


@cache
def require_region(region: str) -> str:
    """Return a region that boto3 knows.

    Raises:
        SetupError: It knows none of that name: a client would fail in the middle of a test, or moto have nothing there.
    """
    if region == REGION:
        return region
    from botocore.loaders import create_loader  # type: ignore[import-untyped]

    # Not by a session: it would look for the profile that AWS_PROFILE names.
    known = [
        name for partition in create_loader().load_data("endpoints")["partitions"] for name in partition["regions"]
    ]
    if region in known:
        return region
    close = closest(region, known)
    hint = f"did you mean {close}?" if close else f"boto3 knows {', '.join(sorted(known))}"
    raise SetupError(f"pipeproof_aws_region: {region!r} is not a region of AWS", hint=hint)


def stub_variables(environment: Mapping[str, str], region: str = REGION) -> dict[str, str | None]:
    """Return what to set (and, where `None`, to unset) in an environment so that AWS's SDKs see the stubs alone."""
    return {**credential_variables(environment), "AWS_DEFAULT_REGION": region, "AWS_REGION": region}
