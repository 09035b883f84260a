"""Requests over HTTP to the services outside: time-outs, retries inside a deadline, and proxies.

The caller hands in the variables of which the proxies are taken (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, in either
case). Redirects are not followed: a token is sent to the address that was asked for only.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import urllib3

RETRIED = frozenset({429, *range(500, 600)})
"""Statuses after which the same request may well succeed."""


class UnreachableError(Exception):
    """No answer from a service in time. `reason` is one of `dns`, `tls`, `refused`, `timeout`, `network`."""

    def __init__(self, host: str, reason: str, detail: str) -> None:
        super().__init__(f"{host}: {detail}")
        self.host = host
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: its status, its headers with names in lower case, and its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def date(self) -> float | None:
        """The service's clock, in seconds since the epoch, where it tells it."""
        from email.utils import parsedate_to_datetime

        try:
            return parsedate_to_datetime(self.headers["date"]).timestamp()
        except (KeyError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait and how often to try; all in seconds."""

    connect: float = 5.0
    read: float = 10.0
    deadline: float = 30.0
    """From the first try on; no new try begins after it."""
    first_pause: float = 0.5
    longest_pause: float = 5.0


@dataclass(frozen=True)
class Transport:
    """Sends requests. `clock`, `sleep` and `jitter` can be replaced, so that a test of retries takes no time."""

    environment: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = Patience()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        retry_if: Callable[[Response], bool] | None = None,
    ) -> Response:
        """Send a request; after network errors, 429 and 5xx again, with growing random pauses, inside the deadline.

        Args:
            retry_if: Names further answers that are worth a retry, for services that throttle with a status of 400.

        Raises:
            UnreachableError: No answer came. An answer with whatever status is returned.
        """
        from urllib3.exceptions import HTTPError

        ends = self.clock() + self.patience.deadline
        attempt = 0
        while True:
            failure: UnreachableError | None = None
            response: Response | None = None
            try:
                response = self._send_once(method, url, headers or {}, body)
            except HTTPError as error:
                failure = _explain(urlsplit(url).netloc.rpartition("@")[2], error)
            if response is not None and not (
                response.status in RETRIED or (retry_if is not None and retry_if(response))
            ):
                return response
            pause = self._choose_pause(attempt, response)
            if self.clock() + pause >= ends or (failure is not None and failure.reason == "tls"):
                if response is not None:
                    return response
                raise failure or AssertionError("neither an answer nor a failure")
            self.sleep(pause)
            attempt += 1

    def _choose_pause(self, attempt: int, response: Response | None) -> float:
        """A random part, half or more, of a bound that doubles; at least what the service asks for in `Retry-After`."""
        bound = min(self.patience.longest_pause, self.patience.first_pause * 2**attempt)
        asked = response.headers.get("retry-after", "") if response else ""
        pause: float = max(bound * (0.5 + self.jitter() / 2), float(asked) if asked.isdigit() else 0.0)
        return pause

    def _send_once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        from urllib3 import Timeout

        timeout = Timeout(connect=self.patience.connect, read=self.patience.read)
        with _open_pool(find_proxy(url, self.environment)) as pool:
            answer = pool.request(
                method, url, headers=dict(headers), body=body, timeout=timeout, retries=False, redirect=False
            )
            return Response(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)


def find_proxy(url: str, environment: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for `url`, or None. Loopback is never reached through one."""
    proxies = {
        name.lower().removesuffix("_proxy"): value
        for name, value in sorted(environment.items())
        if name.lower().endswith("_proxy") and value
    }
    parts = urlsplit(url)
    host = parts.hostname or ""
    if host in {"localhost", "::1"} or host.startswith("127.") or _is_excepted(host, proxies.get("no", "")):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def _is_excepted(host: str, exceptions: str) -> bool:
    """`NO_PROXY` has names separated by commas; each stands for its subdomains too, and `*` for everything."""
    names = [name.strip().lstrip(".").lower() for name in exceptions.split(",")]
    return any(name and (name == "*" or host == name or host.endswith(f".{name}")) for name in names)


def _open_pool(proxy: str | None) -> "urllib3.PoolManager":
    import urllib3

    if proxy is None:
        return urllib3.PoolManager()
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    headers = None
    if parts.username:
        headers = urllib3.make_headers(proxy_basic_auth=f"{parts.username}:{parts.password or ''}")
    return urllib3.ProxyManager(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", proxy_headers=headers)


def _explain(host: str, error: "urllib3.exceptions.HTTPError") -> UnreachableError:
    import ssl

    import urllib3

    cause: BaseException = error
    while isinstance(cause, urllib3.exceptions.ProxyError | urllib3.exceptions.ProtocolError) and cause.__cause__:
        cause = cause.__cause__
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return UnreachableError(host, "dns", "its name cannot be resolved")
    if isinstance(error, urllib3.exceptions.SSLError) or isinstance(cause, ssl.SSLError):
        return UnreachableError(host, "tls", f"the TLS handshake failed ({error})")
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return UnreachableError(host, "refused", "nothing accepts connections there")
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return UnreachableError(host, "timeout", "it did not answer in time")
    return UnreachableError(host, "network", f"the connection broke ({type(cause).__name__})")
