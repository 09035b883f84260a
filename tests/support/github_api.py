"""An imitation of GitHub's REST API at the wire, for one repository: files, comments, runs and their artifacts.

    with GitHub() as github:
        github.files["main", "quarantine.yml"] = "- test: …"
        api = github.open_api()

What a token may do is checked, answers are in GitHub's words and form, and every request is kept. `faults` are answers
that are given first, each once: `(status, headers, body)`, or None to hang up. Time is the test's: `open_api` gives a
clock that only waiting moves.
"""

import io
import json
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pipeproof.github.api import API_PATIENCE, Api
from pipeproof.transport import Patience, Transport

TOKEN = "ghs_Zr7QkX2mVb9TfLw4HsNc8JyPd3GeUa6R"
REPOSITORY = "octo/orders"
SECONDARY = json.dumps({"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}).encode()

Fault = tuple[int, dict[str, str], bytes] | None


@dataclass
class Seen:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    token: str
    body: Any


@dataclass
class GitHub:
    """The imitation. Attributes can be changed while it runs.

    Attributes:
        rights: What the token may do: `contents`, `issues` (comments), `actions`; each `read` or `write`.
        files: Texts by branch and path.
        comments: By the pull request's number, the oldest first.
        runs: Runs of workflows, the newest first, as the API shows them.
        artifacts: By the run's id, each with `name` and `files` (texts by path), or `expired`.
        faults: Given first, each once.
        user: Whom the token speaks for.
        pulls: Pull requests: `number`, and `head` with `label` (`owner:branch`) and `sha`.
        after: Faults that come only after the request was carried out.
    """

    rights: dict[str, str] = field(default_factory=lambda: {"contents": "read", "issues": "write", "actions": "read"})
    files: dict[tuple[str, str], str] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    runs: list[dict[str, Any]] = field(default_factory=list)
    artifacts: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    after: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    user: dict[str, str] = field(default_factory=lambda: {"login": "github-actions[bot]", "type": "Bot"})
    token: str = TOKEN
    pulls: list[dict[str, Any]] = field(default_factory=list)

    def __enter__(self) -> "GitHub":
        imitation = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                imitation._answer(self)

            def do_POST(self) -> None:
                imitation._answer(self)

            def do_PATCH(self) -> None:
                imitation._answer(self)

            def log_message(self, *arguments: object) -> None:
                """Nothing to tell."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def open_api(self, token: str = TOKEN, patience: Patience = API_PATIENCE) -> Api:
        """The client, whose waiting takes no time and is kept in `waited`."""
        clock = [0.0]

        def sleep(seconds: float) -> None:
            self.waited.append(seconds)
            clock[0] += seconds

        transport = Transport({}, patience, lambda: clock[0], sleep, lambda: 1.0)
        return Api(self.url, REPOSITORY, token, transport, lambda: 1_000.0)

    def requests(self, method: str) -> list[Seen]:
        """The requests of one method."""
        return [request for request in self.seen if request.method == method]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("content-length", 0))
        data = handler.rfile.read(length)
        token = handler.headers.get("authorization", "").removeprefix("Bearer ")
        body = json.loads(data) if data else None
        request = Seen(handler.command, unquote(parts.path), dict(parse_qsl(parts.query)), token, body)
        self.seen.append(request)
        if self.faults:
            self._send(handler, self.faults.pop(0))
            return
        answer = self._route(request)
        self._send(handler, self.after.pop(0) if self.after else answer)

    def _send(self, handler: BaseHTTPRequestHandler, answer: Fault) -> None:
        if answer is None:
            handler.close_connection = True
            handler.connection.close()
            return
        status, headers, body = answer
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def _route(self, request: Seen) -> Fault:
        if request.path.startswith("/blob/"):
            return self._blob(request)
        if request.token != self.token:
            return _json(401, {"message": "Bad credentials"})
        if request.path == "/user":
            return _json(200, self.user)
        root = f"/repos/{REPOSITORY}/"
        if not request.path.startswith(root):
            return _json(404, {"message": "Not Found"})
        area, *rest = request.path.removeprefix(root).split("/")
        if area == "contents":
            return self._contents("/".join(rest), request.query)
        if area == "pulls":
            fits = [pull for pull in self.pulls if pull["head"]["label"] == request.query["head"]]
            return _json(200, _page(fits, request.query))
        if area == "issues":
            return self._issues(rest, request)
        return self._actions(rest, request.query) if area == "actions" else _json(404, {"message": "Not Found"})

    def _may(self, area: str, *, write: bool = False) -> bool:
        return self.rights.get(area) in (("write",) if write else ("read", "write"))

    def _contents(self, path: str, query: Mapping[str, str]) -> Fault:
        text = self.files.get((query["ref"], path))
        if not self._may("contents") or text is None:
            return _json(404, {"message": "Not Found"})
        return 200, {"Content-Type": "application/vnd.github.raw+json"}, text.encode()

    def _issues(self, rest: list[str], request: Seen) -> Fault:
        if request.method == "GET":
            if not self._may("issues"):
                return _json(403, {"message": "Resource not accessible by integration"})
            return _json(200, _page(self.comments.get(int(rest[0]), []), request.query))
        if not self._may("issues", write=True):
            return _json(403, {"message": "Resource not accessible by integration"})
        if len(request.body["body"]) > 65_536:
            return _json(422, {"message": "Validation Failed: body is too long (maximum is 65536 characters)"})
        if request.method == "PATCH":
            found = next((one for all_ in self.comments.values() for one in all_ if one["id"] == int(rest[1])), None)
            if found is None:
                return _json(404, {"message": "Not Found"})
            found["body"] = request.body["body"]
            return _json(200, found)
        thread = self.comments.setdefault(int(rest[0]), [])
        thread.append({"id": 1000 + len(thread), "body": request.body["body"], "user": self.user})
        return _json(201, thread[-1])

    def _actions(self, rest: list[str], query: Mapping[str, str]) -> Fault:
        if not self._may("actions"):
            return _json(403, {"message": "Resource not accessible by integration"})
        if rest[0] == "workflows":
            keys = {"branch": "head_branch", "event": "event"}
            named = [run for run in self.runs if str(run["workflow"]) == rest[1]]
            fits = [run for run in named if all(run[keys[key]] == query[key] for key in keys if key in query)]
            return _json(200, {"total_count": len(fits), "workflow_runs": _page(fits, query)})
        if rest[0] == "runs" and len(rest) == 2:
            run = next((run for run in self.runs if run["id"] == int(rest[1])), None)
            return _json(200, run) if run else _json(404, {"message": "Not Found"})
        if rest[0] == "runs":
            made = self.artifacts.get(int(rest[1]), [])
            shown = [{"id": int(rest[1]) * 100 + at, "name": one["name"], "expired": one.get("expired", False),
                      "size_in_bytes": one.get("size", 1000)} for at, one in enumerate(made)]  # fmt: skip
            return _json(200, {"total_count": len(shown), "artifacts": _page(shown, query)})
        return 302, {"Location": f"{self.url}/blob/{rest[1]}?sig=abc"}, b""

    def _blob(self, request: Seen) -> Fault:
        if request.token:
            return 400, {}, b"InvalidAuthenticationInfo"
        run, at = divmod(int(request.path.rpartition("/")[2]), 100)
        artifact = self.artifacts[run][at]
        if "bytes" in artifact:
            return 200, {}, artifact["bytes"]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, text in artifact["files"].items():
                archive.writestr(name, text)
        return 200, {"Content-Type": "application/zip"}, packed.getvalue()


def _json(status: int, value: object) -> Fault:
    return status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(value).encode()


def _page(items: list[Any], query: Mapping[str, str]) -> list[Any]:
    size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
    return items[(page - 1) * size : page * size]
