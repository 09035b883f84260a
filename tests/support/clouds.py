"""Imitations of the services outside, at the wire: GitHub's ID tokens, AWS STS, RFC 8693, Google, Microsoft Entra.

One HTTP server on loopback. It checks what the real services check (signature, audience, subject, times, SigV4) against
what a test says of it, answers in their words, and keeps every request for the test to look at.

    with Cloud() as cloud:
        cloud.trust("arn:aws:iam::123456789012:role/ci")
        environment = cloud.runner_environment()      # ACTIONS_ID_TOKEN_REQUEST_URL and …_TOKEN
        cloud.sts                                      # for aws-sts-endpoint
"""

import base64
import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

KEY = b"the issuer's key"
REQUEST_TOKEN = "Zr7QkX2mVb9TfLw4HsNc8JyPd3GeUa6R"
SUBJECT = "repo:acme/pipeline:ref:refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"


@dataclass
class Trust:
    """What a role trusts, and how long its sessions may be."""

    audience: str = "sts.amazonaws.com"
    subject: str = SUBJECT
    longest: int = 3600
    principal: str | None = None
    """The role that may assume this one, for a chained role."""
    external_id: str | None = None
    """What it asks for then."""


@dataclass
class Seen:
    """A request that came."""

    path: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Session:
    """A session that STS gave."""

    arn: str
    key_id: str
    secret: str
    token: str
    expires: float
    form: dict[str, str] = field(default_factory=dict)


class Cloud:
    """All the imitations. Attributes can be changed while it runs.

    Attributes:
        now: The services' clock (seconds since the epoch).
        github_ahead: Seconds by which GitHub's clock differs from it, in `iat` and `Date`.
        token_life: Seconds that an ID token lives.
        session_life: Seconds that an AWS session lives, where a test wants them to be fewer than were asked for.
        expired: Calls that came with a session that had ended.
        most_at_once: Exchanges for a session that were under way at the same time.
        pause: Called in the middle of each of them.
        faults: Answers by path, each given once, before anything is looked at: `(status, body)`, or None to hang up.
        refuse_id_token: Status that the ID token service refuses with, or None.
    """

    def __init__(self) -> None:
        self.now = time.time
        self.github_ahead = 0.0
        self.token_life = 300.0
        self.session_life: float | None = None
        self.claims: dict[str, object] = {
            "sub": SUBJECT,
            "iss": ISSUER,
            "repository": "acme/pipeline",
            "repository_id": "42",
            "repository_owner_id": "7",
            "ref": "refs/heads/main",
            "actor": "mona",
        }
        self.refuse_id_token: int | None = None
        self.faults: dict[str, list[tuple[int, bytes] | None]] = {}
        self.roles: dict[str, Trust] = {}
        self.sessions: dict[str, Session] = {}
        self.seen: list[Seen] = []
        self.expired = 0
        self.exchanging = 0
        self.most_at_once = 0
        self.exchange_audience = "databricks-account"
        self.exchange_life = 3600
        self.google_accounts = {"ci@acme.iam.gserviceaccount.com"}
        self.google_provider = "projects/1/locations/global/workloadIdentityPools/ci/providers/github"
        self.azure_subject = SUBJECT
        self.azure_tenant = "11111111-1111-1111-1111-111111111111"
        self.azure_client = "22222222-2222-2222-2222-222222222222"
        self.pause = lambda: None
        self.counter = itertools.count(1)
        self.lock = threading.Lock()

    def __enter__(self) -> "Cloud":
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def sts(self) -> str:
        return f"{self.url}/sts"

    def trust(self, arn: str, **settings: object) -> Trust:
        self.roles[arn] = Trust(**settings)
        return self.roles[arn]

    def runner_environment(self) -> dict[str, str]:
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/id-token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
        }

    def requests(self, path: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.path.startswith(path)]

    # GitHub

    def sign(self, audience: str | list[str]) -> str:
        """A JWT as GitHub makes it, but for the algorithm."""
        issued = self.now() + self.github_ahead
        number = next(self.counter)
        claims = {
            **self.claims,
            "aud": audience,
            "iat": int(issued),
            "nbf": int(issued),
            "exp": int(issued + self.token_life),
            "jti": f"token-{number}",
        }
        signed = b".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
        return b".".join([signed, encode(hmac.digest(KEY, signed, "sha256"))]).decode()

    def check(self, token: str) -> dict[str, object]:
        """The claims of a token that this issuer signed."""
        signed, _, signature = token.encode().rpartition(b".")
        if not hmac.compare_digest(encode(hmac.digest(KEY, signed, "sha256")), signature):
            raise RefusalError(400, "InvalidIdentityToken", "The token's signature is not the issuer's")
        claims = json.loads(decode(signed.split(b".")[1]))
        if claims["exp"] <= self.now():
            raise RefusalError(400, "ExpiredTokenException", "Token expired: must be before the expiration date/time")
        return claims

    # AWS STS

    @contextmanager
    def count_exchange(self) -> Iterator[None]:
        """Hold an exchange open for a moment, and note how many are open at the same time."""
        with self.lock:
            self.exchanging += 1
            self.most_at_once = max(self.most_at_once, self.exchanging)
        self.pause()
        try:
            yield
        finally:
            with self.lock:
                self.exchanging -= 1

    def assume_with_token(self, form: dict[str, str]) -> Session:
        arn = form["RoleArn"]
        assert "ExternalId" not in form, "the call has no such parameter"
        claims = self.check(form["WebIdentityToken"])
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if not {trust.audience for trust in self.roles.values()} & set(audiences):
            raise RefusalError(400, "InvalidIdentityToken", "Incorrect token audience")
        trust = self.roles.get(arn)
        if not trust or trust.principal or claims["sub"] != trust.subject or trust.audience not in audiences:
            raise RefusalError(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
        return self.open_session(arn, trust, form)

    def assume_with_session(self, form: dict[str, str], signer: Session) -> Session:
        trust = self.roles.get(form["RoleArn"])
        role = signer.arn.split("/")[1]
        trusted = trust and trust.principal and trust.principal.rpartition("/")[2] == role
        if not trusted or trust.external_id not in (None, form.get("ExternalId")):
            raise RefusalError(403, "AccessDenied", f"User: {signer.arn} is not authorized to perform: sts:AssumeRole")
        return self.open_session(form["RoleArn"], trust, form)

    def open_session(self, arn: str, trust: Trust, form: dict[str, str]) -> Session:
        duration = int(form["DurationSeconds"])
        if duration > trust.longest:
            raise RefusalError(
                400,
                "ValidationError",
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            )
        number = next(self.counter)
        account, role = arn.split(":")[4], arn.rpartition("/")[2]
        secret = hashlib.sha256(f"secret {number}".encode()).digest()
        session = Session(
            f"arn:aws:sts::{account}:assumed-role/{role}/{form['RoleSessionName']}",
            f"ASIA{base64.b32encode(secret)[:16].decode()}",
            base64.b64encode(secret)[:40].decode(),
            base64.b64encode(hashlib.sha512(secret).digest() * 3).decode(),
            self.now() + (self.session_life or duration),
            form,
        )
        with self.lock:
            self.sessions[session.key_id] = session
        return session

    def authenticate(self, seen: Seen, body: bytes) -> Session:
        """The session that signed a request, by SigV4."""
        scope = dict(part.split("=", 1) for part in seen.headers["authorization"].split(None, 1)[1].split(", "))
        session = self.sessions.get(scope["Credential"].split("/")[0])
        if not session or seen.headers.get("x-amz-security-token") != session.token:
            raise RefusalError(403, "InvalidClientTokenId", "The security token included in the request is invalid")
        if session.expires <= self.now():
            self.expired += 1
            raise RefusalError(403, "ExpiredToken", "The security token included in the request is expired")
        stamp = datetime.strptime(seen.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        if abs(stamp - self.now()) > 300 or sign_again(seen, body, scope, session) != scope["Signature"]:
            raise RefusalError(403, "SignatureDoesNotMatch", "Signature expired or not ours")
        return session

    def answer_sts(self, seen: Seen, body: bytes) -> tuple[int, str]:
        action = seen.form["Action"]
        if action == "AssumeRoleWithWebIdentity":
            with self.count_exchange():
                return 200, render_session(action, self.assume_with_token(seen.form))
        signer = self.authenticate(seen, body)
        if action == "AssumeRole":
            return 200, render_session(action, self.assume_with_session(seen.form, signer))
        account = signer.arn.split(":")[4]
        inner = f"<Arn>{signer.arn}</Arn><UserId>AROA:x</UserId><Account>{account}</Account>"
        return 200, wrap("GetCallerIdentity", inner)

    # OAuth

    def answer_exchange(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        claims = self.check_oauth(form["subject_token"])
        if claims["aud"] != self.exchange_audience:
            return 400, {"error": "invalid_request", "error_description": "The token's audience is not in the policy"}
        if claims["sub"] != SUBJECT:
            return 401, {"error": "invalid_grant", "error_description": "No federation policy matches the token"}
        token = f"dapi-{next(self.counter)}-{hashlib.sha256(form['subject_token'].encode()).hexdigest()}"
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.exchange_life}

    def answer_google(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        claims = self.check_oauth(form["subject_token"])
        if form["audience"] != f"//iam.googleapis.com/{self.google_provider}":
            return 400, {"error": "invalid_target", "error_description": "The target service indicated is invalid"}
        if claims["sub"] != SUBJECT:
            return 403, {"error": "unauthorized_client", "error_description": "The attribute condition rejects it"}
        return 200, {"access_token": f"ya29.federated-{next(self.counter)}-0123456789", "expires_in": 3600}

    def answer_impersonation(self, path: str) -> tuple[int, dict[str, object]]:
        account = path.rpartition("/")[2].partition(":")[0]
        if account not in self.google_accounts:
            return 404, {"error": {"code": 404, "status": "NOT_FOUND"}}
        if self.claims["repository"] != "acme/pipeline":
            return 403, {"error": {"code": 403, "status": "PERMISSION_DENIED"}}
        return 200, {
            "accessToken": f"ya29.account-{next(self.counter)}-0123456789",
            "expireTime": "2099-01-01T00:00:00Z",
        }

    def answer_azure(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        claims = self.check_oauth(form["client_assertion"])
        failure = None
        if path.split("/")[2] != self.azure_tenant:
            failure = ("invalid_request", "AADSTS90002: Tenant not found.")
        elif form["client_id"] != self.azure_client:
            failure = ("unauthorized_client", "AADSTS700016: Application with identifier was not found.")
        elif claims["sub"] != self.azure_subject:
            failure = ("invalid_client", "AADSTS700213: No matching federated identity record found for the subject.")
        if failure:
            return 400 if failure[0] == "invalid_request" else 401, {
                "error": failure[0],
                "error_description": failure[1],
            }
        return 200, {"access_token": f"eyJ.azure-{next(self.counter)}-0123456789", "expires_in": 3599}

    def check_oauth(self, token: str) -> dict[str, object]:
        try:
            return self.check(token)
        except RefusalError as refusal:
            raise RefusalError(400, "invalid_grant", "The token has expired or is not valid") from refusal


class RefusalError(Exception):
    """An error that a service answers with."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


def encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decode(data: bytes) -> bytes:
    return base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))


def wrap(action: str, inner: str) -> str:
    name = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
    return f"<{action}Response {name}><{action}Result>{inner}</{action}Result></{action}Response>"


def render_session(action: str, session: Session) -> str:
    expires = datetime.fromtimestamp(session.expires, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return wrap(
        action,
        f"<Credentials><AccessKeyId>{session.key_id}</AccessKeyId><SecretAccessKey>{session.secret}</SecretAccessKey>"
        f"<SessionToken>{session.token}</SessionToken><Expiration>{expires}</Expiration></Credentials>"
        f"<AssumedRoleUser><Arn>{session.arn}</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>",
    )


def sign_again(seen: Seen, body: bytes, scope: dict[str, str], session: Session) -> str:
    """The signature that the session's key makes for a request; botocore's own signer computes it."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    _, _, region, service, _ = scope["Credential"].split("/")
    signed = {name: seen.headers[name] for name in scope["SignedHeaders"].split(";")}
    request = AWSRequest("POST", f"http://{seen.headers['host']}{seen.path}", headers=signed, data=body)
    request.context["timestamp"] = seen.headers["x-amz-date"]
    auth = SigV4Auth(Credentials(session.key_id, session.secret, session.token), service, region)
    return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


class Handler(BaseHTTPRequestHandler):
    """One request to one of the imitations."""

    cloud: Cloud

    def do_GET(self) -> None:
        seen, _ = self.note()
        if self.fail(seen):
            return
        query = dict(parse_qsl(urlsplit(self.path).query))
        if not seen.path.startswith("/id-token"):
            self.send(404, b"{}")
        elif self.cloud.refuse_id_token or seen.headers.get("authorization") != f"Bearer {REQUEST_TOKEN}":
            self.send(self.cloud.refuse_id_token or 401, b'{"message": "no permission"}')
        else:
            ahead = self.cloud.github_ahead
            self.send(200, json.dumps({"value": self.cloud.sign(query["audience"])}).encode(), ahead=ahead)

    def do_POST(self) -> None:
        seen, body = self.note()
        if self.fail(seen):
            return
        service = seen.path.split("/")[1]
        try:
            if service == "sts":
                status, text = self.cloud.answer_sts(seen, body)
                self.send(status, text.encode(), "text/xml")
                return
            answers = {
                "oidc": lambda: self.cloud.answer_exchange(seen.form),
                "google": lambda: self.cloud.answer_google(seen.form),
                "iam": lambda: self.cloud.answer_impersonation(seen.path),
                "azure": lambda: self.cloud.answer_azure(seen.path, seen.form),
            }
            status, answer = answers[service]()
            self.send(status, json.dumps(answer).encode())
        except RefusalError as refusal:
            self.refuse(service, refusal)

    def refuse(self, service: str, refusal: RefusalError) -> None:
        if service == "sts":
            text = f"<Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
            body = f"<ErrorResponse><Error><Type>Sender</Type>{text}</Error><RequestId>1</RequestId></ErrorResponse>"
            self.send(refusal.status, body.encode(), "text/xml")
        else:
            answer = {"error": refusal.code, "error_description": refusal.message}
            self.send(refusal.status, json.dumps(answer).encode())

    def note(self) -> tuple[Seen, bytes]:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.path, headers, dict(parse_qsl(body.decode("utf-8", "replace"))))
        with self.cloud.lock:
            self.cloud.seen.append(seen)
        return seen, body

    def fail(self, seen: Seen) -> bool:
        with self.cloud.lock:
            queue = next(
                (queue for path, queue in self.cloud.faults.items() if queue and seen.path.startswith(path)), None
            )
            fault = queue.pop(0) if queue else ()
        if fault == ():
            return False
        if fault is None:
            self.close_connection = True
            self.connection.close()
        else:
            self.send(*fault)
        return True

    def send(self, status: int, body: bytes, kind: str = "application/json", ahead: float = 0.0) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(self.cloud.now() + ahead, usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def make_handler(cloud: Cloud) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (Handler,), {"cloud": cloud})
