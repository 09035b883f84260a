"""The `live` marker: real credentials are in the environment while a live test runs, and stub ones at all other times.

The supervisor hands the run's credentials over in one JSON document through a descriptor that nobody else has; under
xdist the controller hands it on to its workers. Where there is no supervisor (pytest on a laptop) nothing is changed,
and live tests are skipped, unless `--live` says that they shall use the environment's own credentials.

A live test has them from its first fixture's setup to its last one's teardown. A fixture that a live test set up is
also torn down with them, whichever test is the last to use it.

PYTEST_DONT_REWRITE
"""

import json
import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from pipeproof import environ
from pipeproof.plugin.evidence import LIVE, RECORDS
from pipeproof.variables import LIVE_FD

"""The environment variable that holds the number of the descriptor."""

SECTIONS = pytest.StashKey[list[Callable[[], AbstractContextManager[None]]]]()
"""What else holds while a live test runs; the network guard opens there."""

_OTHER_CLOUDS: Mapping[str, str | None] = {
    "GOOGLE_APPLICATION_CREDENTIALS": None,
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": None,
    "AZURE_CLIENT_ID": None,
    "AZURE_CLIENT_SECRET": None,
    "AZURE_TENANT_ID": None,
    "AZURE_FEDERATED_TOKEN_FILE": None,
    "PREFECT_API_KEY": "",
    "PREFECT_API_AUTH_STRING": "",
}
"""What a test that is not live finds in the variables by which cloud libraries look for credentials, AWS's apart.

Prefect's are empty, not unset: it would read them from the project's `.env` or `prefect.toml`, for a server there too.
"""

_UNASKED = (
    "there are no credentials: `pipeproof run` obtains them in a workflow, "
    "and `pytest --live` takes those of your own environment"
)


@dataclass
class Live:
    """What live tests have.

    Attributes:
        values: The variables as a live test sees them; None is not set.
        stubs: The same as all other tests see them.
        reason: Why there are none.
        renewal: Where the current values of short-lived tokens are to be had (`url`, `token`).
        given: The names that the run's credentials set.
    """

    values: dict[str, str | None]
    stubs: dict[str, str | None]
    reason: str | None = None
    renewal: Mapping[str, str] | None = None
    given: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._depth = 0

    @contextmanager
    def in_environment(self) -> Iterator[None]:
        """Put the real values into the environment; nested uses count as one."""
        if self._depth:
            yield
            return
        default_session = _swap_default_session(None)
        self._depth += 1
        try:
            with environ.changed(self.values), _prefect_settings_anew():
                yield
        finally:
            self._depth -= 1
            _swap_default_session(default_session)

    def renew(self) -> None:
        """Have the current values of what lives for minutes only.

        Raises:
            CredentialsError: There are none any more.
        """
        if self.renewal:
            fresh = _fetch(self.renewal["url"], self.renewal["token"])
            self.values |= fresh
            environ.change(fresh)

    def pack(self) -> str:
        """As JSON, for another process."""
        return json.dumps(asdict(self))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--live`."""
    group = parser.getgroup("pipeproof")
    group.addoption(
        "--live",
        action="store_true",
        help="run tests marked `live` with the environment's own credentials; all others see stub ones",
    )


_handover: dict[str, Any] | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Take the document before the project's conftest files run; the descriptor is closed and its variable gone."""
    global _handover  # noqa: PLW0603 - there is no stash yet
    number = environ.take(LIVE_FD) or ""
    if number.isdecimal():
        with os.fdopen(int(number), encoding="utf-8") as file:
            _handover = json.load(file)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take the environment into keeping where the run has credentials, or a reason why not; else skip live tests."""
    global _handover
    document, _handover = _handover, None
    packed = getattr(config, "workerinput", {}).get("pipeproof_live")  # xdist's word to its workers
    config.stash.setdefault(SECTIONS, [])
    live: Live | None = None
    if packed:
        live = Live(**json.loads(packed))
    elif document is not None or config.getoption("--live"):
        live = _read_document(document or {"own": True}, own=config.getoption("--live"))
    if live is not None:
        environ.change(live.stubs)
        config.stash[SECTIONS].append(live.in_environment)
    config.pluginmanager.register(_LiveTests(live), "pipeproof-live")


def _read_document(document: Mapping[str, Any], *, own: bool) -> Live:
    """Make the two sets of values of the supervisor's document and of what the environment has now."""
    given: dict[str, str] = document.get("environment") or {}
    from pipeproof.environments.aws.configuration import credential_variables

    own_stubs = {**credential_variables(environ.everything()), **_OTHER_CLOUDS}
    stubs: dict[str, str | None] = {**own_stubs, **(document.get("stubs") or {})}
    if not (environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")):
        stubs["AWS_DEFAULT_REGION"] = "us-east-1"
    values = {name: environ.get(name) for name in stubs}
    if any(name.startswith("AWS_") for name in given):
        # What the workflow set itself would go before the session, or be mixed with it.
        values |= dict.fromkeys(name for name in own_stubs if name.startswith("AWS_") and "ENDPOINT" not in name)
    values |= given
    stubs |= {name: environ.get(name) for name in given if name not in stubs}
    reason = None if own and document.get("own") else document.get("reason")
    return Live(values, stubs, reason, document.get("renewal"), sorted(given))


def may_be_live(config: pytest.Config) -> bool:
    """Return whether live tests run, rather than being skipped."""
    tests: _LiveTests | None = config.pluginmanager.get_plugin("pipeproof-live")
    return tests is not None and tests.reason is None


class _LiveTests:
    """Sees to live tests, where there are any."""

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self.reason = live.reason if live else _UNASKED

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if any_marked(session.items, "live"):
            opened = _Opened(session.config.stash[SECTIONS], self._live, self.reason)
            session.config.pluginmanager.register(opened, "pipeproof-live-tests")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        if self._live:
            node.workerinput["pipeproof_live"] = self._live.pack()


class _Opened:
    """Skips live tests where there is nothing for them, and else opens the environment for them alone."""

    def __init__(
        self, sections: list[Callable[[], AbstractContextManager[None]]], live: Live | None, reason: str | None
    ) -> None:
        self._sections = sections
        self._live = live
        self._reason = reason
        self._within = 0

    @contextmanager
    def _open(self) -> Iterator[None]:
        with ExitStack() as stack:
            for section in self._sections:
                stack.enter_context(section())
            self._within += 1
            try:
                yield
            finally:
                self._within -= 1

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if not _is_live(item) or self._reason:
            return (yield)
        with self._open():
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not _is_live(item):
            return
        if self._reason:
            raise pytest.skip.Exception(self._reason, _use_item_location=True)  # as pytest's own marker does
        item.stash[_STARTED] = time.time()
        if self._live:
            self._live.renew()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Leave for the audit when the test had credentials, and which variables carried them."""
        try:
            return (yield)
        finally:
            if _STARTED in item.stash:
                times = {"started": item.stash[_STARTED], "finished": time.time()}
                data = {**times, "variables": self._live.given if self._live else []}
                item.stash.setdefault(RECORDS, []).append({"kind": LIVE, "data": data})

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        """See that a fixture that is set up with credentials is torn down with them.

        A fixture's finalizers run last in, first out: the one that opens is added after the fixture's own.
        """
        if not self._within:
            return (yield)
        stack = ExitStack()
        fixturedef.addfinalizer(stack.close)
        try:
            return (yield)
        finally:
            fixturedef.addfinalizer(lambda: stack.enter_context(self._open()))


_STARTED = pytest.StashKey[float]()


def any_marked(items: Iterable[pytest.Item], name: str) -> bool:
    """Return whether a test has a marker: a hook that few tests need is registered only then, as each costs all."""
    return any(name in item.keywords and item.get_closest_marker(name) is not None for item in items)


def _is_live(item: pytest.Item) -> bool:
    return item.get_closest_marker("live") is not None


def _swap_default_session(session: object) -> object:
    """Put `session` into boto3's place for a default session, which keeps the credentials that it first found."""
    boto3 = sys.modules.get("boto3")
    if boto3 is None:
        return None
    previous: object = getattr(boto3, "DEFAULT_SESSION", None)
    vars(boto3)["DEFAULT_SESSION"] = session
    return previous


@contextmanager
def _prefect_settings_anew() -> Iterator[None]:
    """Have Prefect, which reads its settings when it is imported, read them again; those of a test server stay."""
    if "prefect.context" not in sys.modules:
        yield
        return
    from pipeproof.environments.prefect.internals.client import settings

    before = settings.settings_of_process()
    settings.set_settings_of_process(None)
    try:
        yield
    finally:
        settings.set_settings_of_process(before)


def _fetch(url: str, token: str) -> dict[str, str]:
    """Ask the supervisor for the current values."""
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    from pipeproof.errors import CredentialsError

    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request("GET", parts.path, headers={"Authorization": token})
        response = connection.getresponse()
        answer: dict[str, str] = json.load(response)
    except (OSError, ValueError) as error:
        raise CredentialsError(f"the run's credentials could not be renewed: {error}") from error
    finally:
        connection.close()
    if response.status != 200:
        raise CredentialsError(f"the run's credentials could not be renewed: {answer.get('message')}")
    return answer
