"""What of a policy was used, and what it lacked: kept while calls are checked, read by tests and reports."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.iam.calls import Requirement
from pipeproof.iam.evaluation import Decision, evaluate
from pipeproof.iam.patterns import matches, overlaps
from pipeproof.iam.policies import Policy, Statement


@dataclass(frozen=True, slots=True)
class Grant:
    """One action that one statement allows: `action` as the policy writes it (it may have wildcards)."""

    statement: Statement
    action: str

    @property
    def place(self) -> str:
        """Where the statement stands: file and line, or the document's name and the statement's id."""
        statement = self.statement
        if statement.location and statement.location.file.name != "<policy>":
            return str(statement.location)
        return f"{statement.policy}/{statement.sid}" if statement.sid else statement.policy


@dataclass
class Usage:
    """A policy and what was asked of it."""

    policy: Policy
    asked: dict[Requirement, Decision] = field(default_factory=dict)

    def decide(
        self,
        needs: Iterable[Requirement],
        context: Mapping[str, Any],
        is_known: Callable[[str], bool] | None = None,
    ) -> list[Decision]:
        """Decide on all that a call needs, and keep the answers; see [evaluate][pipeproof.iam.evaluation.evaluate]."""
        decisions = [evaluate(self.policy, action, resource, context, is_known=is_known) for action, resource in needs]
        for decision in decisions:
            key = (decision.action, decision.resource)
            if key not in self.asked or not decision.allowed:
                self.asked[key] = decision
        return decisions

    @property
    def missing(self) -> list[Requirement]:
        """What was asked for and not allowed."""
        return [requirement for requirement, decision in self.asked.items() if not decision.allowed]

    @property
    def used(self) -> list[Grant]:
        """The grants that allowed something."""
        return [grant for grant in grants(self.policy) if any(_by(grant, decision) for decision in self.asked.values())]

    @property
    def unused(self) -> list[Grant]:
        """The grants that nothing asked for."""
        used = set(map(id, (grant.statement for grant in self.used)))
        names = {(id(grant.statement), grant.action) for grant in self.used}
        return [
            grant
            for grant in grants(self.policy)
            if id(grant.statement) not in used or (id(grant.statement), grant.action) not in names
        ]


def grants(policy: Policy) -> list[Grant]:
    """Return what the policy allows, an action a grant; statements with `NotAction` count as one."""
    return [
        Grant(statement, action)
        for statement in policy.statements
        if statement.effect == "Allow"
        for action in (("NotAction",) if statement.not_actions else statement.actions)
    ]


def _by(grant: Grant, decision: Decision) -> bool:
    """Return whether the grant allows what was asked (several may)."""
    if not decision.allowed or not grant.statement.names_action(decision.action):
        return False
    if not grant.statement.not_actions and not matches(grant.action, decision.action, ignore_case=True):
        return False
    patterns = grant.statement.resources
    if any("${" in pattern for pattern in patterns):
        return decision.statement is grant.statement
    return any(overlaps(pattern, decision.resource) for pattern in patterns) != grant.statement.not_resources


def summarize_usage(usage: Usage) -> dict[str, Any]:
    """Return the evidence `aws.policy`.

    `{"policy": name, "place": "file:line" or null, "asked": count, "missing": [{"action", "resource", "reason"}],
    "used": [grant], "unused": [grant]}`, a grant being `{"action", "place"}`.
    """
    return {
        "policy": usage.policy.name,
        "place": str(usage.policy.location) if usage.policy.location else None,
        "asked": len(usage.asked),
        "missing": [
            {"action": decision.action, "resource": decision.resource, "reason": decision.reason}
            for decision in usage.asked.values()
            if not decision.allowed
        ],
        "used": [{"action": grant.action, "place": grant.place} for grant in usage.used],
        "unused": [{"action": grant.action, "place": grant.place} for grant in usage.unused],
    }


def merge_summaries(records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the `aws.policy` records of many tests → one a policy: missing in any of them, unused in all of them."""
    merged: dict[tuple[Any, Any], dict[str, Any]] = {}
    for record in records:
        entry = merged.setdefault(
            (record["policy"], record["place"]),
            {"policy": record["policy"], "place": record["place"], "asked": 0, "missing": [], "used": [], "unused": []},
        )
        entry["asked"] += record["asked"]
        for key in ("missing", "used", "unused"):
            entry[key].extend(item for item in record[key] if item not in entry[key])
    for entry in merged.values():
        entry["unused"] = [grant for grant in entry["unused"] if grant not in entry["used"]]
    return list(merged.values())
