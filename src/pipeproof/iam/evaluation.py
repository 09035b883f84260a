"""Whether policies allow an action, as AWS decides it.

Source: AWS IAM user guide, "Policy evaluation logic", for one account and without policies of resources: a deny in
any policy wins; then each kind of policy that is there has to allow (service control policies, the permission boundary,
session policies), and an identity policy always has to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

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
    policies: Policy | Iterable[Policy], action: str, resource: str, context: Mapping[str, Any] | None = None
) -> Decision:
    """Decide on `action` (`"s3:GetObject"`) on `resource` (an ARN, or `"*"` for an action that has none).

    Args:
        policies: The policies that apply; the boundary of each comes with it.
        action: The IAM action.
        resource: The ARN. Where a part of it is not known, `*` stands in it: then a policy that may allow it does.
        context: Condition keys and their values or lists of values; case does not count in keys.
    """
    layers = [layer for policy in ([policies] if isinstance(policies, Policy) else policies) for layer in policy.layers]
    request = _context(context or {})
    applying = [
        (layer.kind, statement)
        for layer in layers
        for statement in layer.statements
        if statement.applies(action, resource, request)
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


def _context(context: Mapping[str, Any]) -> Context:
    return {
        key.lower(): [_text(item) for item in value] if isinstance(value, list | tuple | set) else _text(value)
        for key, value in context.items()
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
