"""The providers, in the order in which they are asked, and what the tests get of them.

To add a provider: a request in `request.py`, a module with a `plan` and a function that makes a lease, a line here.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeproof.credentials import aws, azure, google, oidc_tokens, rds, token_exchange
from pipeproof.credentials.broker import Broker, answer_aws, serve
from pipeproof.credentials.lease import Keeper, Plan, Tools
from pipeproof.credentials.request import CredentialRequest
from pipeproof.errors import CredentialsError

STUB_TOKEN = "pipeproof-stub"  # noqa: S105  what stands where a token would
Provider = Callable[[CredentialRequest, Tools, Mapping[str, Keeper]], Iterator[Plan]]
"""Takes what is asked for and the keepers of the providers before it; says which leases are to be had."""

PROVIDERS: tuple[Provider, ...] = (
    aws.plan,
    rds.plan,
    oidc_tokens.plan,
    token_exchange.plan,
    google.plan,
    azure.plan,
)


@dataclass(frozen=True, slots=True)
class Issued:
    """What the run's live tests have. `environment` is secret as a whole."""

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    account_id: str | None = None
    stubs: Mapping[str, str] = field(default_factory=dict)
    """What stands in the token variables for the tests that are not live."""
    renewal: Broker | None = None
    """Where the current values of the token variables are to be had."""
    reason: str | None = None
    """Why there are none."""

    def build_handover(self) -> dict[str, object]:
        """Return the document for the process of the tests, of JSON's types alone."""
        renewal = {"url": f"{self.renewal.url}/environment", "token": self.renewal.token} if self.renewal else None
        return {
            "environment": dict(self.environment),
            "reason": self.reason,
            "stubs": dict(self.stubs),
            "renewal": renewal,
        }


def withhold(request: CredentialRequest, reason: str) -> Issued:
    """Nothing, for `reason`; the variables that a project's configuration may read have stubs all the same."""
    return Issued(stubs=dict.fromkeys(request.token_variables, STUB_TOKEN), reason=reason)


@contextmanager
def obtain(request: CredentialRequest, tools: Tools) -> Iterator[Issued]:
    """Have all that is asked for, renewed until the block ends. After it no file of ours is left.

    Raises:
        CredentialsError: One of the providers gave nothing. Nothing that another one gave is handed out then.
    """
    with ExitStack() as stack:
        directory = stack.enter_context(_make_directory(tools))
        tools = replace(tools, directory=directory)
        keepers = _ask(request, tools)
        _renew_files(stack, keepers)
        yield _hand_out(request, keepers, tools, stack)


def _ask(request: CredentialRequest, tools: Tools) -> dict[str, Keeper]:
    keepers: dict[str, Keeper] = {}
    for provider in PROVIDERS:
        for plan in provider(request, tools, keepers):
            keepers[plan.name] = Keeper(plan, tools)
    return keepers


def _hand_out(request: CredentialRequest, keepers: Mapping[str, Keeper], tools: Tools, stack: ExitStack) -> Issued:
    tokens = [keeper for keeper in keepers.values() if keeper.plan.kind == "token"]
    environment: dict[str, str] = {}
    for keeper in keepers.values():
        environment |= keeper.lease.variables
    answers: dict[str, Callable[[], Mapping[str, object]]] = {}
    if tokens:
        answers["/environment"] = lambda: {
            name: value for keeper in tokens for name, value in keeper.current().variables.items()
        }
    if request.mode == "broker" and request.aws:
        answers["/aws"] = answer_aws(keepers["aws"])
    broker = stack.enter_context(serve(answers, tools.mask)) if answers else None
    if broker and "/aws" in answers:
        for name in aws.KEYS:
            environment.pop(name)
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{broker.url}/aws"
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = broker.token
    return Issued(
        environment,
        account_id=keepers["aws"].lease.account_id if "aws" in keepers else None,
        stubs=dict.fromkeys(request.token_variables, STUB_TOKEN),
        renewal=broker if tokens else None,
    )


_FAREWELL = 1.0
"""Seconds that a renewal under way is waited for at the end: a token service may hang."""


@contextmanager
def _make_directory(tools: Tools) -> Iterator[Path]:
    """A folder outside the workspace: ours to write in, and for the tests' user to pass through to its own files."""
    path = Path(tempfile.mkdtemp(prefix="pipeproof-", dir=tools.directory))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _renew_files(stack: ExitStack, keepers: Mapping[str, Keeper]) -> None:
    """Cloud libraries read their token file whenever they like, so it is renewed whether anyone asks or not."""
    files = [keeper for keeper in keepers.values() if keeper.plan.kind == "file"]
    if not files:
        return
    stopping = threading.Event()
    pause = min(keeper.lease.expires - keeper.lease.issued for keeper in files) / 20

    def renew() -> None:
        while not stopping.wait(pause):
            for keeper in files:
                try:
                    keeper.current()
                except CredentialsError:
                    continue  # it is in the audit; the next round tries again

    thread = threading.Thread(target=renew, name="token files", daemon=True)
    thread.start()

    def stop() -> None:
        stopping.set()
        thread.join(_FAREWELL)

    stack.callback(stop)
