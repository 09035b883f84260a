"""What a role's policy says to what a machine needs: of a definition before it runs, and of each call in a run."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache

from pipeproof.iam import Decision, Policy, Statement, evaluate, render_denial
from pipeproof.iam.patterns import with_any
from pipeproof.iam.reference import find_action
from pipeproof.stepfunctions.answers.requests import Request
from pipeproof.stepfunctions.aws import names as aws_names
from pipeproof.stepfunctions.aws.integrations import JOBS
from pipeproof.stepfunctions.aws.needs import UNKNOWN, CallNeed, Need, call_needs, definition_needs
from pipeproof.stepfunctions.definition.model import Definition
from pipeproof.stepfunctions.definition.resources import Resource
from pipeproof.stepfunctions.definition.validation import Finding
from pipeproof.stepfunctions.engine.settings import Settings
from pipeproof.stepfunctions.errors import StateFailure

_PASSED_TO = "iam:passedtoservice"

PolicyOf = Callable[[str], Policy | None]
"""The policy of a role, by its ARN, or None where it is not known."""


def check_permissions(
    definition: Definition,
    policy: Policy,
    account: str,
    region: str,
    machine_arn: str = UNKNOWN,
    policy_of: PolicyOf | None = None,
) -> list[Finding]:
    """Return what the role's policy lacks for the definition.

    A need on a resource that only runs tell is met by a grant on any; conditions whose keys are not known here are
    taken as met, and so are account and region, which no definition knows.

    Args:
        definition: The definition.
        policy: The policy of the machine's role.
        account: The account that names without one are taken to be in.
        region: Their region.
        machine_arn: The machine's own ARN, which the children of a distributed Map are started on.
        policy_of: The policies of roles that states take on (`Credentials`), where they are known.
    """
    judge = _Judge(account, region)
    needs = list(definition_needs(definition, account, region, machine_arn))
    lacking = [need for need in needs if not judge.allows(_policy_for(need, policy, policy_of), need.call)]
    lacking = [need for need in lacking if not _met_otherwise(need, needs, lacking)]
    without_events = {need.state for need in lacking if need.call.purpose == "events"}
    findings = {}
    for need in lacking:
        finding = _finding(need, watched=need.has_events and need.state not in without_events)
        findings[need.state, finding.message] = finding
    return list(findings.values())


def _policy_for(need: Need, policy: Policy, policy_of: PolicyOf | None) -> Policy | None:
    """The policy that a need is held against: the machine's role's, or that of the role that the state takes on."""
    if need.credentials is None:
        return policy
    return policy_of(need.credentials) if policy_of is not None and need.credentials != UNKNOWN else None


def _met_otherwise(need: Need, needs: list[Need], lacking: list[Need]) -> bool:
    """Whether a call needs the action on one of several resources, as the reference lists them, and has it on another.

    Of the services without a rule of their own only the names of parameters tell which of them is meant.
    """
    from pipeproof.iam.calls import PREFIXES
    from pipeproof.iam.service_rules import RULES

    prefix = need.call.action.partition(":")[0]
    if PREFIXES.get(prefix, prefix) in RULES:
        return False
    return any(
        other.state == need.state and other.call.action == need.call.action and other not in lacking for other in needs
    )


def _finding(need: Need, *, watched: bool) -> Finding:
    on = "" if need.call.resource == UNKNOWN else f" on {need.call.resource}"
    who = f"the policy of {need.credentials}" if need.credentials else "the role's policy"
    lacks = f"{need.call.action}{on}, which {who} does not allow"
    if need.call.purpose == "stop":
        return Finding("SFN802", f"{need.state!r} cannot be stopped without {lacks}", need.position, "warning")
    if need.call.purpose == "poll" and watched:
        message = f"{need.state!r} waits for ever where an event is lost: it would ask with {lacks}"
        return Finding("SFN802", message, need.position, "warning")
    return Finding("SFN801", f"{need.state!r} needs {lacks}", need.position)


class _Judge:
    """Decides what may be allowed, where a part of the request is not known."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._lenient: dict[tuple[int, str | None], Policy] = {}

    def allows(self, policy: Policy | None, need: CallNeed) -> bool:
        """Return whether the policy may allow what is needed; one that is not known may."""
        if policy is None or not is_known_action(need.action):
            return True
        lenient = self._lenient_policy(policy, need.passed_to)
        if need.resource == UNKNOWN and has_resources(need.action):
            return all(_grants(layer.statements, need.action) for layer in lenient.layers)
        context = {_PASSED_TO: need.passed_to} if need.passed_to else {}
        return evaluate(lenient, need.action, self._loosened(need.resource), context).allowed

    def _lenient_policy(self, policy: Policy, passed_to: str | None) -> Policy:
        key = (id(policy), passed_to)
        if key not in self._lenient:
            known = frozenset({_PASSED_TO} if passed_to else ())
            limit = policy.boundary
            boundary = replace(limit, statements=self._statements(limit, known)) if limit else None
            self._lenient[key] = replace(policy, statements=self._statements(policy, known), boundary=boundary)
        return self._lenient[key]

    def _statements(self, policy: Policy, known: frozenset[str]) -> tuple[Statement, ...]:
        return tuple(found for item in policy.statements if (found := self._lenient_statement(item, known)))

    def _lenient_statement(self, statement: Statement, known: frozenset[str]) -> Statement | None:
        keys = [(operator, key) for operator, of in statement.condition.items() for key in of]
        unknown = [key for _, key in keys if key.lower() not in known]
        if unknown and statement.effect == "Deny":
            return None
        condition = {
            operator: {key: value for key, value in of.items() if key.lower() in known}
            for operator, of in statement.condition.items()
        }
        resources = tuple(with_any(self._loosened(resource)) for resource in statement.resources)
        return replace(statement, condition=condition, resources=resources)

    def _loosened(self, arn: str) -> str:
        """Return an ARN in any account and region, where it names those that stand in for the deployment's."""
        parts = arn.split(":", 5)
        if len(parts) < 6:
            return arn
        parts[3] = "*" if parts[3] == self._region else parts[3]
        parts[4] = "*" if parts[4] == self._account else parts[4]
        return ":".join(parts)


def _grants(statements: Iterable[Statement], action: str) -> bool:
    """Return whether statements allow an action on some resource, and none denies it on all."""
    named = [statement for statement in statements if statement.names_action(action)]
    denied = any(item.effect == "Deny" and "*" in item.resources and not item.not_resources for item in named)
    return not denied and any(statement.effect == "Allow" for statement in named)


@cache
def is_known_action(action: str) -> bool:
    """Return whether AWS's reference has an action: of one that it lacks nobody can say that it is needed."""
    service, _, name = action.partition(":")
    return find_action(service, name) is not None


@cache
def has_resources(action: str) -> bool:
    """Return whether an action can be allowed on single resources."""
    service, _, name = action.partition(":")
    facts = find_action(service, name)
    return facts is not None and bool(facts.required or facts.optional)


def refuser(policy: Policy, settings: Settings) -> Callable[[Request], StateFailure | None]:
    """Gives the failure of a call that the policy does not allow, as AWS words it."""
    role = settings.role_arn.rsplit("/", 1)[-1]
    principal = f"arn:aws:sts::{settings.account}:assumed-role/{role}/{settings.execution_name[:32]}"

    def refuse(request: Request) -> StateFailure | None:
        resource = request.resource
        needs = call_needs(resource, request.payload, settings.account, settings.region)
        if request.credentials is not None:  # the call itself is that role's
            needs = iter([CallNeed("sts:AssumeRole", request.credentials)])
        job = JOBS.get((resource.service, resource.action))
        # A job can run, and end, without what only stops it, or only asks how it stands where events tell that too.
        spared = ("stop", "poll") if job is not None and job.rule is not None else ("stop",)
        for decision in _decisions(policy, (need for need in needs if need.purpose not in spared)):
            if not decision.allowed:
                return _denial(resource, render_denial(decision, principal), request)
        return None

    return refuse


def _decisions(policy: Policy, needs: Iterable[CallNeed]) -> Iterator[Decision]:
    for need in needs:
        if need.resource == UNKNOWN and has_resources(need.action):
            if not any(item.effect == "Allow" and item.names_action(need.action) for item in policy.statements):
                yield Decision(need.action, need.resource, "implicit", "identity")
            continue
        context = {_PASSED_TO: need.passed_to} if need.passed_to else {}
        yield evaluate(policy, need.action, need.resource, context)


def _denial(resource: Resource, message: str, request: Request) -> StateFailure:
    service = "lambda" if resource.kind == "lambda" else resource.service
    identifier = str(uuid.UUID(int=request.random.getrandbits(128), version=4))
    name = aws_names.boto_name(service.removeprefix("aws-sdk:"))
    model = aws_names.service_model(name) if name else None
    code = "AccessDeniedException"
    return StateFailure(
        aws_names.error_name(service, code, model),
        aws_names.error_cause(service, code, message, 403, identifier, model),
    )
