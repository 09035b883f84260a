"""GitHub's REST API: requests with a token, and the waiting that GitHub asks for.

What is waited for, within a deadline: the limits of the rate (`Retry-After`; `X-RateLimit-Remaining: 0` until
`X-RateLimit-Reset`; a secondary limit that says nothing more, for a minute at least), 5xx and a network that fails.
Sources: docs.github.com, "Rate limits for the REST API" and "Best practices for using the REST API".
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from pipeproof.transport import RETRIED, Patience, Response, Transport, UnreachableError

API_PATIENCE = Patience(deadline=120.0)
"""How long one request is waited for, with all the limits of the rate that end within it."""

_PAGE = 100
_MOST_PAGES = 50
_SECONDARY_PAUSE = 60.0
"""Seconds that GitHub asks to wait at least where a secondary limit says no time."""


class ApiError(Exception):
    """GitHub said no, or nothing. `status` is 0 where no answer came."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Api:
    """The API for one repository.

    Args:
        url: Its address, `https://api.github.com` or that of a GitHub server.
        repository: `owner/name`.
        token: What it is asked with.
        transport: Sends the requests; its deadline holds for one request with all that is waited for.
        now: Seconds since the epoch, for limits that end at a time.
    """

    url: str
    repository: str
    token: str = field(repr=False)
    transport: Transport
    now: Callable[[], float] = time.time

    def wrote(self, user: Mapping[str, Any]) -> bool:
        """Return whether a user, as the API shows one, is the one that the token speaks for.

        A workflow's own token (`ghs_…`) is that of an app, which may not ask who it is: it speaks as a bot.
        """
        if self.token.startswith("ghs_"):
            return user.get("type") == "Bot"
        own = _read_json(self._request("GET", f"{self.url}/user", None, "application/vnd.github+json", (200,)))
        return user.get("login") is not None and user.get("login") == own.get("login")

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return what is at a path below the repository's.

        Raises:
            ApiError: It is not to be had.
        """
        return _read_json(self.send("GET", path, query=query))

    def get_all(self, path: str, key: str | None = None, query: Mapping[str, str] | None = None) -> Iterator[Any]:
        """Yield all items of a list, page by page; `key` names the list where it lies in an object."""
        for page in range(1, _MOST_PAGES + 1):
            paging = {**(query or {}), "per_page": str(_PAGE), "page": str(page)}
            found = self.get(path, paging)
            items = found.get(key, []) if key and isinstance(found, dict) else found
            if not isinstance(items, list):
                raise ApiError(0, f"GitHub's answer for {path} is not a list")
            yield from items
            if len(items) < _PAGE:
                return

    def get_file(self, path: str, ref: str) -> str:
        """Return the text of a file of the repository.

        Args:
            path: From the repository's root.
            ref: A branch, tag or commit.
        """
        accept = "application/vnd.github.raw+json"
        answer = self.send("GET", f"contents/{quote(path)}", query={"ref": ref}, accept=accept)
        return answer.body.decode("utf-8", "replace")

    def download(self, path: str) -> bytes:
        """Return what a path redirects to: it lies elsewhere, where the token must not go."""
        answer = self.send("GET", path, expect=(302,))
        address = answer.headers.get("location", "")
        try:
            found = self.transport.send("GET", address)
        except UnreachableError as error:
            raise ApiError(0, str(error)) from error
        if found.status != 200:
            raise ApiError(found.status, f"the download was answered with HTTP {found.status}")
        return found.body

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        accept: str = "application/vnd.github+json",
        expect: tuple[int, ...] = (200, 201),
    ) -> Response:
        """Send a request, again where that can help.

        A POST is not sent again after an answer or a silence that leaves open whether it was carried out.

        Raises:
            ApiError: No answer with a status that was expected.
        """
        url = f"{self.url}/repos/{self.repository}/{path}{f'?{urlencode(query)}' if query else ''}"
        return self._request(method, url, body, accept, expect)

    def _request(self, method: str, url: str, body: object, accept: str, expect: tuple[int, ...]) -> Response:
        headers = {
            "Accept": accept,
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "pipeproof",
            **({"Content-Type": "application/json"} if body is not None else {}),
        }
        data = None if body is None else json.dumps(body).encode()
        ends = self.transport.clock() + self.transport.patience.deadline
        attempt = 0
        while True:
            response, failure = self._send_once(method, url, headers, data)
            pause = self._find_pause(method, response, failure, attempt)
            if pause is None or self.transport.clock() + pause >= ends:
                break
            self.transport.sleep(pause)
            attempt += 1
        if response is None:
            raise ApiError(0, str(failure))
        if response.status not in expect:
            raise ApiError(response.status, _read_message(response))
        return response

    def _send_once(
        self, method: str, url: str, headers: Mapping[str, str], data: bytes | None
    ) -> tuple[Response | None, UnreachableError | None]:
        once = replace(self.transport, patience=replace(self.transport.patience, deadline=0.0))
        try:
            return once.send(method, url, headers=headers, body=data), None
        except UnreachableError as error:
            return None, error

    def _find_pause(
        self, method: str, response: Response | None, failure: UnreachableError | None, attempt: int
    ) -> float | None:
        """Seconds to wait before the next try; None where there is to be none."""
        patience = self.transport.patience
        backoff: float = min(patience.longest_pause, patience.first_pause * 2**attempt) * (
            0.5 + self.transport.jitter() / 2
        )
        if response is None:
            return None if method == "POST" or (failure is not None and failure.reason == "tls") else backoff
        if response.status in (403, 429):
            return self._find_limit(response, attempt)
        return backoff if response.status in RETRIED and method != "POST" else None

    def _find_limit(self, response: Response, attempt: int) -> float | None:
        """Return how long a limit of the rate lasts; None for a 403 that is none."""
        asked, left = response.headers.get("retry-after", ""), response.headers.get("x-ratelimit-remaining")
        reset = response.headers.get("x-ratelimit-reset", "")
        if asked.isdigit():
            return float(asked)
        if left == "0" and reset.isdigit():
            return max(float(reset) - (response.date or self.now()), 0.0) + 1.0
        if response.status == 429 or "rate limit" in _read_message(response).lower():
            return float(_SECONDARY_PAUSE * 2**attempt)
        return None


def _read_json(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except ValueError:
        raise ApiError(response.status, "GitHub's answer is not JSON") from None


def _read_message(response: Response) -> str:
    try:
        told = json.loads(response.body)["message"]
    except (ValueError, KeyError, TypeError):
        told = ""
    return f"HTTP {response.status}{f': {told}' if told else ''}"
