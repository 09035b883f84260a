"""What is asked of the credential providers: frozen values, and the parsers that make them of the inputs' texts.

A parser takes the raw text of one input and returns its value, or raises a ValueError whose message can follow the
input's name.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pipeproof.untrusted import read_file

Mode = Literal["env", "broker"]

_ROLE = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/(?P<path>[\w+=,.@/-]*[\w+=,.@-])")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_RESERVED = re.compile(r"(ACTIONS|AWS|GITHUB|INPUT|RUNNER|PIPEPROOF|LD|DYLD)_.*|PYTHON.*|PATH|HOME|CI")
_POLICY = re.compile(r"arn:aws[a-z-]*:iam::(aws|\d{12}):policy/[\w+=,.@/-]*[\w+=,.@-]", re.ASCII)
_POLICY_LIMIT = 2048
"""Characters of the policies of one session, inline and the managed ones' ARNs together."""
_MOST_POLICIES = 10


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role, by its ARN."""

    arn: str
    partition: str
    account: str


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """An inline session policy without the white space that would count towards AWS's limit of 2,048 characters."""

    text: str

    @property
    def digest(self) -> str:
        """The SHA-256 that the audit names the policy by."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A session of a role, or of a second role that the first one may assume."""

    role: Role
    region: str
    session_name: str
    duration: int = 3600
    session_policy: SessionPolicy | None = None
    """Bounds the session that the tests get: the chained role's where there is one."""
    allowed_accounts: frozenset[str] = frozenset()
    audience: str = "sts.amazonaws.com"
    endpoint: str | None = None
    chained_role: Role | None = None
    managed_policies: tuple[str, ...] = ()
    """ARNs of managed policies that bound the same session."""
    external_id: str | None = None
    """What the chained role's trust policy asks for."""
    token_file: Path | None = None
    """Where the ID token stands, instead of asking the CI for one."""

    @property
    def tested_role(self) -> Role:
        """The role whose session the tests get."""
        return self.chained_role or self.role


@dataclass(frozen=True, slots=True)
class DatabaseLogin:
    """An IAM database token for a user of an RDS or Aurora database."""

    variable: str
    user: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class OidcVariable:
    """An ID token for an audience, in a variable."""

    variable: str
    audience: str


@dataclass(frozen=True, slots=True)
class TokenExchange:
    """An access token that a service gives for an ID token, by RFC 8693."""

    variable: str
    endpoint: str
    audience: str
    client_id: str | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class GoogleRequest:
    """A workload identity provider (`projects/…/providers/…`), and the service account to act as, if any."""

    provider: str
    service_account: str | None = None
    sts_endpoint: str = "https://sts.googleapis.com/v1/token"
    iam_endpoint: str = "https://iamcredentials.googleapis.com/v1"


@dataclass(frozen=True, slots=True)
class AzureRequest:
    """An application with a federated credential."""

    tenant_id: str
    client_id: str
    authority: str = "https://login.microsoftonline.com"


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """All that a run asks for. Nothing asked for is a request too: an empty one."""

    aws: AwsRequest | None = None
    databases: tuple[DatabaseLogin, ...] = ()
    oidc_variables: tuple[OidcVariable, ...] = ()
    exchanges: tuple[TokenExchange, ...] = ()
    google: GoogleRequest | None = None
    azure: AzureRequest | None = None
    mode: Mode = "env"

    @property
    def token_variables(self) -> tuple[str, ...]:
        """The variables that carry a token, in the order in which they were asked for."""
        parts: tuple[DatabaseLogin | OidcVariable | TokenExchange, ...]
        parts = (*self.databases, *self.oidc_variables, *self.exchanges)
        return tuple(part.variable for part in parts)

    @property
    def asks_identity(self) -> bool:
        """Whether any of it takes the CI's identity."""
        own = self.aws is not None and self.aws.token_file is None
        return any((own, self.oidc_variables, self.exchanges, self.google, self.azure))

    def __bool__(self) -> bool:
        return any((self.aws, self.token_variables, self.google, self.azure))


def parse_role(text: str) -> Role:
    """`arn:aws:iam::123456789012:role/path/name`."""
    found = _ROLE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a role's ARN, which looks like arn:aws:iam::123456789012:role/name")
    return Role(text, found["partition"], found["account"])


def parse_region(text: str) -> str:
    """Return a region's name, such as `eu-central-1`; regions that are newer than this version are fine."""
    if not _REGION.fullmatch(text):
        raise ValueError(f"{text!r} is not a region, which looks like eu-central-1")
    return text


def parse_session_name(text: str) -> str:
    """AWS takes 2 to 64 of its characters."""
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", text, re.ASCII):
        raise ValueError(rf"{text!r} is not 2 to 64 characters of [\w+=,.@-]")
    return text


_SESSION_NAMES = {
    "GITHUB_ACTIONS": ("gh", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_JOB"),
    "GITLAB_CI": ("gl", "CI_PIPELINE_ID", "CI_JOB_ID", "CI_JOB_NAME_SLUG"),
    "BUILDKITE": ("bk", "BUILDKITE_BUILD_NUMBER", "BUILDKITE_JOB_ID"),
}
"""What a session is called by default in each CI: a word, and the variables that lead back to the job."""


def make_session_name(environment: Mapping[str, str]) -> str:
    """Return the default session name, such as `gh-<run id>-<attempt>-<job>`, made to fit what AWS takes."""
    for ci, (word, *variables) in _SESSION_NAMES.items():
        if environment.get(ci) == "true":
            parts = [word, *(environment.get(name) or "0" for name in variables)]
            return re.sub(r"[^\w+=,.@-]", "-", "-".join(parts), flags=re.ASCII)[:64]
    return "pipeproof"


def parse_duration(text: str) -> int:
    """Seconds from 900 to 43200."""
    if not text.isdecimal() or not 900 <= int(text) <= 43200:
        raise ValueError(f"{text!r} is not a number of seconds from 900 to 43200")
    return int(text)


def parse_session_policy(text: str, directory: Path) -> SessionPolicy:
    """Inline JSON, or the path of a file of it below `directory`."""
    source = text.strip()
    if not source.startswith("{"):
        path = (directory / source).resolve()
        if not path.is_relative_to(directory.resolve()):
            raise ValueError(f"{source!r} leaves {directory}")
        try:
            source = read_file(path, root=directory, limit=1 << 20).decode()
        except OSError as error:
            raise ValueError(
                f"is neither JSON nor a file that can be read: {text.strip()!r} ({error.strerror or error})"
            ) from error
    try:
        policy = json.loads(source)
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from error
    if not isinstance(policy, dict) or not policy.get("Statement"):
        raise ValueError("has no Statement: a policy without one would be an error at AWS")
    compact = json.dumps(policy, separators=(",", ":"))
    if len(compact) > _POLICY_LIMIT:
        raise ValueError(f"has {len(compact)} characters without its white space; AWS takes {_POLICY_LIMIT}")
    return SessionPolicy(compact)


def parse_managed_policies(text: str) -> tuple[str, ...]:
    """ARNs of managed policies, `arn:aws:iam::aws:policy/Name` or of the role's account; AWS takes ten."""
    arns = tuple(dict.fromkeys(text.replace(",", " ").split()))
    for arn in arns:
        if not _POLICY.fullmatch(arn):
            raise ValueError(
                f"{arn!r} is not a managed policy's ARN, which looks like arn:aws:iam::aws:policy/ReadOnlyAccess"
            )
    if len(arns) > _MOST_POLICIES:
        raise ValueError(f"names {len(arns)} policies; AWS takes {_MOST_POLICIES}")
    return arns


def find_policy_faults(role: Role, policy: SessionPolicy | None, arns: Sequence[str]) -> Iterator[str]:
    """Say what AWS would refuse in the policies of a session (the API reference of `AssumeRole`, `PolicyArns`)."""
    for arn in arns:
        _, partition, _, _, account, _ = arn.split(":", 5)
        if partition != role.partition or account not in {"aws", role.account}:
            yield f"{arn} is not of {role.arn}'s account, where AWS looks for it"
    size = sum(map(len, arns)) + (len(policy.text) if policy else 0)
    if arns and policy and size > _POLICY_LIMIT:
        yield f"has {size} characters together with aws-session-policy; AWS takes {_POLICY_LIMIT}"


def parse_external_id(text: str) -> str:
    """AWS takes 2 to 1224 of its characters."""
    if not re.fullmatch(r"[\w+=,.@:/-]{2,1224}", text, re.ASCII):
        raise ValueError(r"is not 2 to 1224 characters of [\w+=,.@:/-]")
    return text


def parse_variable_names(text: str) -> tuple[str, ...]:
    """Names of variables, separated by blanks, commas or new lines."""
    names = tuple(dict.fromkeys(name.removeprefix("$") for name in text.replace(",", " ").split()))
    for name in names:
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a variable")
    return names


def parse_account_ids(text: str) -> frozenset[str]:
    """Account ids of twelve digits, separated by blanks, commas or new lines."""
    ids = frozenset(text.replace(",", " ").split())
    for item in sorted(ids):
        if not re.fullmatch(r"\d{12}", item):
            raise ValueError(f"{item!r} is not an account id of twelve digits")
    return ids


def parse_endpoint(text: str) -> str:
    """Return an HTTPS address; HTTP only for this machine."""
    parts = urlsplit(text)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        raise ValueError(f"{text!r} is not an https:// address")
    if parts.username or parts.fragment:
        raise ValueError(f"{parts.hostname!r} is given with a user name or a fragment, which an endpoint has not")
    return text.rstrip("/")


def parse_mode(text: str) -> Mode:
    """`env` or `broker`."""
    if text == "env":
        return "env"
    if text == "broker":
        return "broker"
    raise ValueError(f"{text!r} is none of env, broker")


def parse_database_logins(text: str) -> tuple[DatabaseLogin, ...]:
    """Lines `VARIABLE=user@host:port`."""
    logins = []
    for variable, value in _parse_lines(text, "user@host:port"):
        found = re.fullmatch(r"(?P<user>[^@\s]+)@(?P<host>[A-Za-z0-9.-]+):(?P<port>\d{1,5})", value)
        if not found or not 0 < int(found["port"]) < 65536:
            raise ValueError(f"{variable}: {value!r} is not user@host:port")
        logins.append(DatabaseLogin(variable, found["user"], found["host"], int(found["port"])))
    return tuple(logins)


def parse_oidc_variables(text: str) -> tuple[OidcVariable, ...]:
    """Lines `VARIABLE=audience`."""
    return tuple(OidcVariable(variable, value) for variable, value in _parse_lines(text, "audience"))


def parse_exchanges(text: str) -> tuple[TokenExchange, ...]:
    """Lines `VARIABLE=token-endpoint audience=… [client_id=…] [scope=…]`; commas join the words of a scope."""
    exchanges = []
    for variable, value in _parse_lines(text, "token-endpoint audience=…"):
        endpoint, *words = value.split()
        options = dict(word.partition("=")[::2] for word in words)
        for name in sorted(options.keys() - {"audience", "client_id", "scope"}):
            raise ValueError(f"{variable}: {name!r} is none of audience, client_id, scope")
        if not options.get("audience"):
            raise ValueError(f"{variable}: audience=… is missing; the service's documentation names it")
        scope = options.get("scope", "").replace(",", " ") or None
        exchanges.append(
            TokenExchange(variable, parse_endpoint(endpoint), options["audience"], options.get("client_id"), scope)
        )
    return tuple(exchanges)


def parse_google_provider(text: str) -> str:
    """`projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>`."""
    name = text.removeprefix("//iam.googleapis.com/").removeprefix("https://iam.googleapis.com/")
    if not re.fullmatch(r"projects/\d+/locations/[\w-]+/workloadIdentityPools/[\w-]+/providers/[\w-]+", name):
        raise ValueError(
            f"{text!r} is not projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<name>"
        )
    return name


def parse_service_account(text: str) -> str:
    """Return a service account's e-mail address."""
    if not re.fullmatch(r"[\w.-]+@[\w.-]+\.gserviceaccount\.com", text):
        raise ValueError(f"{text!r} is not a service account, which looks like name@project.iam.gserviceaccount.com")
    return text


def parse_azure_id(text: str) -> str:
    """Return a UUID; for a tenant a domain name as well."""
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[\w-]+(\.[\w-]+)+", text):
        raise ValueError(f"{text!r} is not an id, which looks like 00000000-0000-0000-0000-000000000000")
    return text


def _parse_lines(text: str, form: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if not line.strip():
            continue
        variable, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not value or not _VARIABLE.fullmatch(variable):
            raise ValueError(f"{line.strip()!r} is not VARIABLE={form}")
        if _RESERVED.fullmatch(variable):
            raise ValueError(f"{variable} is reserved: choose a name that steers nothing else")
        yield variable, value
