"""Whether policies allow an action, as AWS decides it.

Source: AWS IAM user guide, "Policy evaluation logic", for one account and without policies of resources: a deny in
any policy wins; then each kind of policy that is there has to allow (service control policies, the permission boundary,
session policies), and an identity policy always has to.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeproof.iam.conditions import Guess
from pipeproof.iam.errors import ConditionKeyError
from pipeproof.iam.patterns import Context
from pipeproof.iam.policies import Kind, Policy, Statement

_ORDER: tuple[Kind, ...] = ("scp", "identity", "boundary", "session")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policies say to an action on a resource.

    `reason` is `"allowed"`, `"explicit"` (a statement denies it) or `"implicit"` (none allows it); `kind` the kind of
    policy that decided, `statement` the one that allows or denies (`None` where none does).
    """

    action: str
    resource: str
    reason: Literal["allowed", "explicit", "implicit"]
    kind: Kind
    statement: Statement | None = None

    @property
    def allowed(self) -> bool:
        """Whether the action is allowed."""
        return self.reason == "allowed"


def evaluate(
    policies: Policy | Iterable[Policy],
    action: str,
    resource: str,
    context: Mapping[str, Any] | None = None,
    *,
    is_known: Callable[[str], bool] | None = None,
) -> Decision:
    """Decide on `action` (`"s3:GetObject"`) on `resource` (an ARN, or `"*"` for an action that has none).

    Args:
        policies: The policies that apply; the boundary of each comes with it.
        action: The IAM action.
        resource: The ARN. Where a part of it is not known, `*` stands in it: then a policy that may allow it does.
        context: Condition keys and their values or lists of values; case does not count in keys. None as a value says
            that the request has no such key.
        is_known: Whether a key (in lower case) that is not in the context is surely not in the request. Without it each
            one counts as absent.

    Raises:
        ConditionKeyError: The answer hangs on a key that is not known.
    """
    layers = [layer for policy in ([policies] if isinstance(policies, Policy) else policies) for layer in policy.layers]
    request = _context(context or {})
    if is_known is None:
        return _decide(layers, action, resource, request, {})
    given = {key.lower() for key in context or {}}

    def known(key: str) -> bool:
        return key in given or is_known(key)

    kind, strict = Guess(known, holds=True), Guess(known, holds=False)
    decision = _decide(layers, action, resource, request, {"Allow": kind, "Deny": strict})
    if decision.allowed != _decide(layers, action, resource, request, {"Allow": strict, "Deny": kind}).allowed:
        raise _unknown(layers, action, resource, request, kind)
    return decision


def _decide(
    layers: list[Policy], action: str, resource: str, request: Context, guesses: Mapping[str, Guess]
) -> Decision:
    applying = [
        (layer.kind, statement)
        for layer in layers
        for statement in layer.statements
        if statement.applies(action, resource, request, guesses.get(statement.effect))
    ]
    for kind, statement in applying:
        if statement.effect == "Deny":
            return Decision(action, resource, "explicit", kind, statement)
    present = {layer.kind for layer in layers} | {"identity"}
    allowing: Statement | None = None
    for kind in _ORDER:
        if kind not in present:
            continue
        found = next((statement for of_kind, statement in applying if of_kind == kind), None)
        if found is None:
            return Decision(action, resource, "implicit", kind)
        allowing = found if kind == "identity" else allowing
    return Decision(action, resource, "allowed", "identity", allowing)


def _unknown(layers: list[Policy], action: str, resource: str, request: Context, guess: Guess) -> ConditionKeyError:
    """Return the error that names the keys on which the answer hangs, and the first statement that asks for one."""
    asking = [
        statement
        for layer in layers
        for statement in layer.statements
        if statement.applies(action, resource, request, guess) and not all(map(guess.is_known, statement.keys))
    ]
    keys = sorted({key for statement in asking for key in statement.keys if not guess.is_known(key)})
    statement = asking[0]
    name = f" ({statement.sid})" if statement.sid else ""
    return ConditionKeyError(
        f"whether {statement.policy or 'the policy'}{name} {'allows' if statement.effect == 'Allow' else 'denies'} "
        f"{action} on {resource} hangs on {', '.join(keys)}, which only AWS knows",
        hint=f"Give it with context={{{keys[0]!r}: …}}; None says that the request has no such key.",
        location=statement.location,
    )


def _context(context: Mapping[str, Any]) -> Context:
    return {
        key.lower(): [_text(item) for item in value] if isinstance(value, list | tuple | set) else _text(value)
        for key, value in context.items()
        if value is not None
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
