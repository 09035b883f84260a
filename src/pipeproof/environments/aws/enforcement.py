"""A policy enforced: calls that it does not allow are refused before they have an effect."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeproof.environments.aws.botocore_hooks import Attempted
from pipeproof.iam import Decision, Policy, render_denial, required_actions
from pipeproof.iam.calls import PREFIXES, Call, Requirement
from pipeproof.iam.context import Resources, is_determined, passed_to, request_context, tags_asked
from pipeproof.iam.usage import Grant, Usage
from pipeproof.iam.wording import denial_code

SESSION = "pipeproof"
"""The name of the session in the role's ARN, where AWS has the one that assumed the role."""

Refusal = tuple[str, str, int]
"""An error's code, message and HTTP status."""


class Enforcement:
    """What `aws.enforce()` yields: the policy, and what was asked of it so far.

    Args:
        policy: The policy.
        account: Whose role it is, where the policy does not say.
        context: Condition keys that the test gives.
        resources: What is known of the resources that calls name.
    """

    def __init__(
        self, policy: Policy, account: str, context: Mapping[str, Any], resources: Resources | None = None
    ) -> None:
        self.usage = Usage(policy)
        self._context = dict(context)
        self._resources = resources or Resources()
        self._asked = frozenset(
            key for layer in policy.layers for statement in layer.statements for key in statement.keys
        )
        self._asks_for_tags = tags_asked(self._asked)
        role = policy.principal_arn or f"arn:aws:iam::{account}:role/{_role_name(policy)}"
        self.role_arn = role
        owner, _, name = role.partition(":role/")
        self.session_arn = f"{owner.replace(':iam:', ':sts:')}:assumed-role/{name.rpartition('/')[2]}/{SESSION}"

    @property
    def policy(self) -> Policy:
        """The policy that is enforced."""
        return self.usage.policy

    @property
    def missing(self) -> list[Requirement]:
        """What calls needed and the policy does not allow: pairs of action and ARN."""
        return self.usage.missing

    @property
    def used(self) -> list[Grant]:
        """What the policy allows and calls needed."""
        return self.usage.used

    @property
    def unused(self) -> list[Grant]:
        """What the policy allows and no call needed."""
        return self.usage.unused

    def refuse(self, api: Call, call: Attempted) -> Refusal | None:
        """Return the refusal of a call that needs what the policy does not allow, or `None`."""
        needs = required_actions(
            api.service, api.operation, api.params, region=api.region, account=api.account, partition=api.partition
        )
        needs = [self._resources.exact(api, need) for need in [*needs, *self._resources.encryption(api)]]
        decisions = [self._decide(api, need) for need in needs]
        denied = next((decision for decision in decisions if not decision.allowed), None)
        return self._refusal(denied, api, call) if denied else None

    def hide(self, api: Call, call: Attempted) -> Refusal | None:
        """S3's refusal in place of "not found", for who may read an object but not list its bucket."""
        if api.service != "s3" or api.operation not in ("GetObject", "HeadObject"):
            return None
        listing = replace(api, operation="ListObjectsV2", params={"Bucket": api.params.get("Bucket", "")})
        needs = required_actions("s3", listing.operation, listing.params, region=api.region, partition=api.partition)
        denied = next((item for need in needs if not (item := self._decide(listing, need)).allowed), None)
        if denied is None:
            return None
        call.notes.append("The object is not there; AWS tells so only who may list the bucket.")
        return self._refusal(denied, api, call)

    def _decide(self, api: Call, need: Requirement) -> Decision:
        """Return what the policy says to one need of a call, with the condition keys that the need has."""
        keys: dict[str, Any] = request_context(
            api, self.role_arn, resource=need[1], resources=self._resources, asked=self._asked
        )
        is_for_service = need[0].startswith("kms:") and api.service != "kms"
        keys = {**keys, "iam:PassedToService": passed_to(api)}
        if is_for_service:
            keys |= {"kms:ViaService": f"{api.service}.{api.region}.amazonaws.com", "aws:ViaAWSService": "true"}
        keys |= self._context
        known = {key.lower(): value for key, value in keys.items()}
        tags_known = self._asks_for_tags and self._resources.tags(need[1]) is not None
        prefix = PREFIXES.get(api.service, api.service)

        def is_known(key: str) -> bool:
            if is_for_service and key.startswith("kms:encryptioncontext"):
                return key in known  # the service writes it
            return is_determined(key, prefix, known, tags_known)

        return self.usage.decide([need], keys, is_known)[0]

    def _refusal(self, decision: Decision, api: Call, call: Attempted) -> Refusal:
        metadata = call.client.meta.service_model.metadata
        protocol = str(metadata.get("protocol"))
        code = denial_code(PREFIXES.get(api.service, api.service), protocol)
        call.notes.append(self._note(decision))
        status = 400 if protocol == "json" else 403
        if call.operation.startswith("Head") and api.service == "s3":
            call.notes.append(render_denial(decision, self.session_arn))
        return code, render_denial(decision, self.session_arn), status

    def _note(self, decision: Decision) -> str:
        policy = self.policy if decision.kind == "identity" else (self.policy.boundary or self.policy)
        where = f" ({policy.location})" if policy.location else ""
        if decision.reason == "explicit" and decision.statement:
            at = decision.statement.location
            return f"{policy.name}{where} denies {decision.action}{f' at {at}' if at else ''}"
        return f"{policy.name}{where} has no statement that allows {decision.action} on {decision.resource}"


def _role_name(policy: Policy) -> str:
    return "".join(character if character.isalnum() or character in "+=,.@_-" else "-" for character in policy.name)
