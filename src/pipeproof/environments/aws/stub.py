"""AWS for one test: moto in this process, each call seen, policies enforced, faults made."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.environments.aws import sessions
from pipeproof.environments.aws.botocore_hooks import Attempted, Judge, unobserved
from pipeproof.environments.aws.calls import AwsCall
from pipeproof.environments.aws.configuration import ACCOUNT, REGION
from pipeproof.environments.aws.enforcement import Enforcement
from pipeproof.environments.aws.faults import Fault, Faults, status_of, throttling_error
from pipeproof.environments.aws.queries.queue import (
    SERVICES,
    QueryQueue,
    QueryResult,
    QueryResultError,
    make_result,
)
from pipeproof.environments.aws.resource_facts import resources_of
from pipeproof.environments.aws.responses import error_response
from pipeproof.environments.aws.touched import ATHENA, ATTEMPTS, CALLS, RDS, REDSHIFT
from pipeproof.errors import PipeproofError
from pipeproof.iam import Policy
from pipeproof.iam.calls import Call
from pipeproof.iam.least_privilege import LeastPrivilege
from pipeproof.iam.operations import required_actions
from pipeproof.text import alike

if TYPE_CHECKING:
    import re

Source = Policy | Mapping[str, Any] | str | Path
Hook = Callable[["AwsStub"], Any]


class UnknownOperationError(PipeproofError):
    """boto3 knows no such service or operation."""


class AwsStub:
    """The fixture `aws`. Nothing of it leaves the process.

    `calls` are the calls of the test so far, in the order in which they ended; `enforcements` what was enforced;
    `clocks` are told of the virtual time that [pass_time][] lets pass.
    """

    def __init__(self, region: str = REGION, account: str = ACCOUNT, *, real_time: bool = False) -> None:
        self.region = region
        self.account = account
        self._calls: list[AwsCall] = []
        self.enforcements: list[Enforcement] = []
        self.real_time = real_time
        self._active: list[Enforcement] = []
        self._faults = Faults()
        self._clients: dict[tuple[str, str], Any] = {}
        self._session: Any = None
        self._first_use: dict[str, list[Hook]] = {}
        self._lock = threading.RLock()
        self.stack = ExitStack()
        self.clocks: list[Callable[[float], None]] = []
        self.queries = QueryQueue()

    @property
    def calls(self) -> list[AwsCall]:
        """The calls of the test so far, in the order in which they ended."""
        CALLS.require("calls cannot be seen")
        return self._calls

    @property
    def seen(self) -> Sequence[AwsCall]:
        """The calls that were seen, for a report: with another botocore there may have been more."""
        return tuple(self._calls)

    @property
    def session(self) -> Any:
        """The test's boto3 session; also `boto3.DEFAULT_SESSION` while the stub is open."""
        if self._session is None:
            self._session = sessions.new_session(self.region)
        return self._session

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client; without options the same one each time."""
        if options:
            return self.session.client(service, **options)
        key = (service, self.region)
        if key not in self._clients:
            self._clients[key] = self.session.client(service)
        return self._clients[key]

    def _client_in(self, service: str, region: str) -> Any:
        return self.client(service) if region == self.region else self.client(service, region_name=region)

    def client_of(self, service: str, region: str | None) -> Any:
        """Return a boto3 client of a region, the same one each time, from any thread."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self.session.client(service, region_name=key[1])
            return self._clients[key]

    def resource(self, service: str, **options: Any) -> Any:
        """Return a boto3 resource."""
        return self.session.resource(service, **options)

    @contextmanager
    def enforce(
        self,
        policy: Source,
        *,
        role: str | None = None,
        boundary: Source | None = None,
        context: Mapping[str, Any] | None = None,
        **template_options: Any,
    ) -> Iterator[Enforcement]:
        """Refuse each call that the policy does not allow, before it has an effect, as AWS would.

        Args:
            policy: A policy document (mapping, JSON, YAML), its file, or a template; see [Policy.load][].
            role: In a template with several: the logical id of the role, function or state machine.
            boundary: A permission boundary over the policy.
            context: Condition keys that only AWS knows (`"aws:PrincipalTag/team"`), or other values of those it sends.
            template_options: `parameters`, `names`, … of the template.

        Yields what was asked of the policy: `missing`, `used`, `unused`. Of nested ones the innermost counts.
        """
        self._require("policies cannot be enforced")
        options = {"region": self.region, "account": self.account, **template_options}
        loaded = Policy.load(policy, role=role, **options)
        if boundary is not None:
            loaded = loaded.with_boundary(boundary)
        enforcement = Enforcement(loaded, self.account, context or {}, resources_of(self._client_in, self.region))
        self.enforcements.append(enforcement)
        self._active.append(enforcement)
        try:
            yield enforcement
            self._require("a policy was not enforced on all calls")
        finally:
            self._active.remove(enforcement)

    @property
    def is_enforcing(self) -> bool:
        """Whether the test holds its calls to a policy now."""
        return bool(self._active)

    def least_privilege(self) -> LeastPrivilege:
        """Return the smallest policy for the calls so far; `aws.calls.clear()` forgets those of the preparation."""
        own = [call for call in self.calls if call.principal is None]
        return LeastPrivilege(tuple(dict.fromkeys(need for call in own for need in call.needs)))

    def fail(
        self,
        service: str,
        operation: str,
        error: "str | Exception",
        *,
        times: int | None = 1,
        message: str = "made to fail by the test",
        status: int | None = None,
    ) -> Fault:
        """Let the next attempts of an operation fail.

        Args:
            service: boto3's name of the service.
            operation: The operation (`"PutItem"`).
            error: An error code of AWS (`"InternalServerError"`), or an exception in place of an answer, such as
                `botocore.exceptions.EndpointConnectionError(endpoint_url="…")`.
            times: How many attempts fail; an attempt of botocore's own retries counts. `None` for all.
            message: The error's message.
            status: The HTTP status; without, the one that goes with the code.
        """
        self._check_known(service, operation)
        self._require("a call cannot be made to fail")
        return self._faults.add(Fault(service, operation, error, times, message, status))

    def throttle(self, service: str, operation: str | None = None, *, times: int | None = 1) -> Fault:
        """Let the next attempts be throttled, with the code that this service throttles with."""
        self._check_known(service, operation)
        self._require("a call cannot be throttled")
        code, status = throttling_error(service)
        return self._faults.add(Fault(service, operation, code, times, "Rate exceeded", status))

    def delay(self, service: str, operation: str | None, seconds: float, *, times: int | None = 1) -> Fault:
        """Let the next attempts take so long: beyond the client's read timeout they time out, at once.

        Time is not spent but in a test that is marked `real_time`.
        """
        self._check_known(service, operation)
        self._require("a call cannot be delayed")
        return self._faults.add(Fault(service, operation, None, times, seconds=seconds))

    def load(self, folder: str | Path) -> None:
        """Read a folder of files into the stubs; see [pipeproof.environments.aws.seeding][]. Its calls are not seen."""
        from pipeproof.environments.aws.seeding import load_folder

        with unobserved():
            load_folder(Path(folder), self.client)

    def on_first_use(self, service: str, hook: Hook) -> None:
        """Call `hook` with the stub before the first call of a service; what it enters on `stack` ends with us."""
        self._first_use.setdefault(service, []).append(hook)

    def query_results(
        self,
        rows: Iterable[Any] = (),
        *,
        columns: Sequence[str] | None = None,
        matching: "str | re.Pattern[str] | None" = None,
        service: str | None = None,
        times: int | None = 1,
        error: str | None = None,
    ) -> QueryResult:
        """Queue the result of a SQL query to Athena, Redshift Data or RDS Data; others are executed, or an error.

        Args:
            rows: Mappings, or sequences in the order of `columns`. None at all for a statement that gives no rows.
            columns: The columns' names; without, those of the rows.
            matching: What the query must contain (blanks and case do not count), or a pattern; without, any query fits.
            service: `athena`, `redshift-data` or `rds-data`; without, any of them.
            times: How many queries it answers, `None` for all. Of several results that fit the oldest answers.
            error: The query fails with this text.

        Returns the result; its `queries` are those that it has answered.

        Raises:
            QueryResultError: The rows do not fit together.
        """
        if service is not None and service not in SERVICES:
            raise QueryResultError(f"no queries of {service!r} are answered, but of {', '.join(SERVICES)}")
        for name, hook in zip(SERVICES, (ATHENA, REDSHIFT, RDS), strict=True):
            if service in (None, name):
                hook.require("results of queries cannot be queued")
        options = {"matching": matching, "service": service, "times": times, "error": error}
        return self.queries.add(make_result(rows, columns, **options))

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass: state machines' executions that wait for an answer see their limits run out."""
        for clock in self.clocks:
            clock(seconds)

    def begin(self, call: Attempted) -> None:
        """A call is made: see to it that what it needs is there."""
        with self._lock:
            for hook in self._first_use.pop(_service(call), []):
                hook(self)

    def answer(self, call: Attempted, request: Any) -> Any:
        """Return what a call gets in place of moto's answer, if anything: a refusal, a fault."""
        api = self._api_call(call)
        judge = self._judge(call)
        if judge is not None:
            refusal = judge.refuse(api, call)
            if refusal:
                return _render(call, request, *refusal)
        fault = self._faults.take(api.service, api.operation)
        if fault is None:
            return None
        if fault.seconds:
            return self._slow(fault, call, request)
        if isinstance(fault.error, Exception):
            return fault.error
        code = str(fault.error)
        status = fault.status or status_of(code, call.client.meta.service_model)
        return _render(call, request, code, fault.message, status)

    def review(self, call: Attempted, request: Any, response: Any) -> Any:
        """S3 tells only who may list a bucket what is not there; a bucket's policy denies in AWS's words."""
        if response.status_code == 403 and _service(call) == "s3" and not response.content:
            return _render(call, request, "AccessDenied", self._denied_by_policy(call), 403)
        judge = self._judge(call)
        if judge is None or response.status_code != 404:
            return None
        refusal = judge.hide(self._api_call(call), call)
        return _render(call, request, *refusal) if refusal else None

    def _denied_by_policy(self, call: Attempted) -> str:
        """AWS's words for what a bucket's policy denies; moto answers that without any."""
        action, resource = next(iter(_needs(self._api_call(call))), (f"s3:{call.operation}", "*"))
        judge = self._judge(call)
        principal = judge.session_arn if judge is not None else call.principal
        who = principal or f"arn:aws:sts::{self.account}:user/moto"
        return (
            f'User: {who} is not authorized to perform: {action} on resource: "{resource}" with an explicit deny in a '
            "resource-based policy"
        )

    def end(self, call: Attempted) -> None:
        """A call is over: keep it."""
        api = self._api_call(call)
        needs = tuple(_needs(api))
        seen = AwsCall(
            api.service,
            api.operation,
            call.params,
            needs,
            call.status,
            call.error,
            call.attempts,
            api.region,
            call.principal,
        )
        with self._lock:
            self._calls.append(seen)

    def sleep(self, seconds: float) -> None:
        """A wait of botocore is not slept but in a test that is marked `real_time`."""
        if self.real_time:
            import time

            time.sleep(seconds)

    def _judge(self, call: Attempted) -> Judge | None:
        """Who says whether a call is allowed: the role's own policy, or what the test enforces."""
        if call.principal is not None:
            return call.held_to
        return self._active[-1] if self._active else None

    def use_all(self) -> None:
        """Do now what waits for the first call of some service."""
        for hook in [hook for hooks in self._first_use.values() for hook in hooks]:
            hook(self)
        self._first_use.clear()

    def _require(self, what: str) -> None:
        CALLS.require(what)
        ATTEMPTS.require(what)

    def _slow(self, fault: Fault, call: Attempted, request: Any) -> Any:
        from botocore.exceptions import ReadTimeoutError  # type: ignore[import-untyped]

        if fault.seconds >= float(call.client.meta.config.read_timeout):
            return ReadTimeoutError(endpoint_url=request.url)
        self.sleep(fault.seconds)
        return None

    def _api_call(self, call: Attempted) -> Call:
        region = call.client.meta.region_name or self.region
        partition = call.client.meta.partition
        return Call(_service(call), call.operation, call.params, region, self.account, partition)

    def _check_known(self, service: str, operation: str | None) -> None:
        known = sessions.operations_of(service)
        if not known:
            raise UnknownOperationError(f"boto3 knows no service {service!r}")
        if operation is not None and operation not in known:
            close = ", ".join(alike(operation, known)) or f"{len(known)} others"
            raise UnknownOperationError(f"{service} has no operation {operation!r}", hint=f"It has: {close}.")


def _service(call: Attempted) -> str:
    return str(call.client.meta.service_model.service_name)


def _needs(api: Call) -> list[tuple[str, str]]:
    return required_actions(
        api.service, api.operation, api.params, region=api.region, account=api.account, partition=api.partition
    )


def _render(call: Attempted, request: Any, code: str, message: str, status: int) -> Any:
    model = call.client.meta.service_model
    return error_response(model, request.url, code, message, status, head=request.method == "HEAD")
