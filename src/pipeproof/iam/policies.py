"""Policy documents: read, checked against IAM's grammar, each statement with its place in the file.

Source of the grammar: AWS IAM user guide, "Grammar of the IAM JSON policy language".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pipeproof.cloudformation import Template, TemplateError, is_template, load_document, locate, parse_document
from pipeproof.errors import Location
from pipeproof.iam.conditions import Guess, holds, is_operator
from pipeproof.iam.documents import Document
from pipeproof.iam.errors import PolicyError
from pipeproof.iam.patterns import Context, matches, overlaps, substitute, variables_of, with_any
from pipeproof.iam.resource_policies import resource_grants
from pipeproof.iam.roles import aws_managed_policy, find_role, policy_of_role

Kind = Literal["identity", "boundary", "session", "scp"]

_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?_-]+")
_KEYS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}


@dataclass(frozen=True)
class Statement:
    """One statement of a policy.

    `actions` and `resources` are the patterns of `Action` and `Resource`, or of `NotAction` and `NotResource` where
    `not_actions` and `not_resources` say so. `policy` is the name of the document that it stands in.
    """

    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_actions: bool = False
    not_resources: bool = False
    condition: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sid: str | None = None
    policy: str = ""
    variables: bool = True
    location: Location | None = None

    def applies(self, action: str, resource: str, context: Context, guess: Guess | None = None) -> bool:
        """Return whether the statement speaks of this action on this resource in this request."""
        return (
            self.names_action(action)
            and self.names_resource(resource, context, guess)
            and (not self.condition or holds(self.condition, context, guess))
        )

    @cached_property
    def keys(self) -> frozenset[str]:
        """The condition keys, in lower case, that its conditions and its policy variables ask for."""
        conditions = {key.lower() for keys in self.condition.values() for key in keys}
        values = [str(value) for keys in self.condition.values() for value in keys.values()]
        variables = {name for text in (*self.resources, *values) for name in variables_of(text)}
        return frozenset(conditions | (variables if self.variables else set()))

    def names_action(self, action: str) -> bool:
        """Return whether the action is one of the statement's; case does not count."""
        return any(matches(pattern, action, ignore_case=True) for pattern in self.actions) != self.not_actions

    def names_resource(self, resource: str, context: Context, guess: Guess | None = None) -> bool:
        """Return whether the resource is one of the statement's, with the policy variables of the request."""
        if guess is not None and self.variables and self._may_name(resource, guess):
            return guess.holds
        compare = overlaps if self.effect == "Allow" and not self.not_resources else matches
        patterns = (substitute(pattern, context) if self.variables else pattern for pattern in self.resources)
        return any(compare(pattern, resource) for pattern in patterns if pattern is not None) != self.not_resources

    def _may_name(self, resource: str, guess: Guess) -> bool:
        """Return whether the resource hangs on a policy variable that nobody can know."""
        unknown = (
            pattern for pattern in self.resources if not all(guess.is_known(name) for name in variables_of(pattern))
        )
        return any(matches(with_any(pattern), resource) for pattern in unknown)


@dataclass(frozen=True)
class Policy:
    """What a principal may do: statements, and the permission boundary that limits them.

    `name` is what reports call it, `principal_arn` who it belongs to, where a template says so.
    """

    statements: tuple[Statement, ...]
    name: str = "policy"
    kind: Kind = "identity"
    boundary: "Policy | None" = None
    principal_arn: str | None = None
    location: Location | None = None

    @classmethod
    def load(
        cls, source: "Policy | Mapping[str, Any] | str | Path", *, role: str | None = None, **template_options: Any
    ) -> "Policy":
        """A policy from wherever it is written.

        Args:
            source: A policy document as a mapping or as JSON or YAML text; a file that holds one; or a SAM or
                CloudFormation template, from which the policy of a role is put together.
            role: In a template: the logical id of the role, or of the SAM function or state machine that has one. It
                may be left out where the template has a single role.
            template_options: `parameters`, `names`, `attributes`, `imports`, `region`, `account`, `stack_name` of
                [pipeproof.cloudformation.Template][].

        Raises:
            PolicyError: It is no policy, IAM would refuse it, or it is not clear which role is meant.
            TemplateError: The template needs a value that nobody gave.
        """
        if isinstance(source, Policy):
            return source
        document, name = _read(source)
        if is_template(document):
            return cls.of_role(Template(document, **template_options), role, name)
        if role is not None:
            raise PolicyError(f"{name} is a policy document, not a template: it has no role {role!r}")
        return cls.parse(document, name=name)

    @classmethod
    def of_role(cls, template: Template, role: str | None, file: str) -> "Policy":
        """Return the policy of a role in a template, or of the SAM function or state machine that has one.

        Args:
            template: The template.
            role: The logical id; `None` for the only one.
            file: What the template is called in reports.

        Raises:
            PolicyError: There is no such role, there are several and none is named, or IAM would refuse its policy.
        """
        written = policy_of_role(template, role, file)
        limit = _parse_part(written.boundary) if written.boundary else None
        return cls(
            tuple(statement for part in written.parts for statement in _parse_part(part).statements),
            name=written.name,
            boundary=replace(limit, kind="boundary") if limit else None,
            principal_arn=written.principal_arn,
            location=written.location,
        )

    @classmethod
    def of_arn(cls, template: Template, arn: str, file: str) -> "Policy | None":
        """The policy of the role that has this ARN; `None` where the template lacks it or does not tell all of it."""
        role = find_role(template, arn)
        try:
            return cls.of_role(template, role, file) if role is not None else None
        except (PolicyError, TemplateError):
            return None

    def with_grants_of_resources(self, template: Template) -> "Policy":
        """Return the policy, and what a template's buckets, queues, topics and functions allow its role themselves."""
        found = resource_grants(template, self.principal_arn) if self.principal_arn is not None else ()
        granted: list[Statement] = []
        for document in found:
            try:
                granted += _parse_part(document).statements
            except PolicyError:
                continue  # of a form that the resource's service takes, and a role has not
        return replace(self, statements=(*self.statements, *granted))

    @classmethod
    def managed(cls, arn: str) -> "Policy":
        """One of AWS's managed policies, by its ARN or its name; raises [PolicyError][] where AWS has none of it."""
        return _parse_part(aws_managed_policy(arn))

    @classmethod
    def parse(cls, document: Any, *, name: str = "policy", kind: Kind = "identity") -> "Policy":
        """A policy from a document that is already read; raises [PolicyError][] with the line where IAM refuses it."""
        if not isinstance(document, Mapping) or "Statement" not in document:
            raise PolicyError(f"{name} is not a policy document: it has no Statement", location=locate(document))
        unknown = sorted(document.keys() - {"Version", "Id", "Statement"})
        if unknown:
            raise PolicyError(f"a policy has no {unknown[0]!r}", location=locate(document, unknown[0]))
        version = document.get("Version", "2008-10-17")
        if version not in ("2012-10-17", "2008-10-17"):
            raise PolicyError(f"Version is 2012-10-17, not {version!r}", location=locate(document, "Version"))
        written = document["Statement"]
        statements = [written] if isinstance(written, Mapping) else written
        if not isinstance(statements, list):
            raise PolicyError("Statement is a list of statements", location=locate(document, "Statement"))
        parsed = tuple(
            _statement(item, name, version == "2012-10-17", locate(statements, index) or locate(item))
            for index, item in enumerate(statements)
        )
        return cls(parsed, name=name, kind=kind, location=locate(document))

    def with_boundary(self, boundary: "Policy | Mapping[str, Any] | str | Path | None") -> "Policy":
        """Return the same policy under a permission boundary."""
        limit = None if boundary is None else replace(Policy.load(boundary), kind="boundary")
        return replace(self, boundary=limit)

    @cached_property
    def layers(self) -> tuple["Policy", ...]:
        """The policy and its boundary, if it has one."""
        return (self, replace(self.boundary, kind="boundary")) if self.boundary else (self,)


def _read(source: Mapping[str, Any] | str | Path) -> tuple[Any, str]:
    if isinstance(source, Mapping):
        return source, "policy"
    if isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{")):
        return parse_document(source, "<policy>"), "policy"
    return load_document(source), Path(source).name


def _parse_part(part: Document) -> Policy:
    """Return the policy that one of a role's documents is; what is not written out is where the template names it."""
    policy = Policy.parse(part.content, name=part.name)
    if part.generated:
        policy = replace(policy, statements=tuple(replace(item, location=part.named_at) for item in policy.statements))
    return replace(policy, location=part.named_at) if part.named_at else policy


def _strings(statement: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = statement[key]
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, str) for item in values):
        raise PolicyError(f"{key} is a string or a list of strings", location=locate(statement, key))
    return tuple(values)


def _one_of(statement: Mapping[str, Any], key: str) -> tuple[tuple[str, ...], bool]:
    present = [name for name in (key, f"Not{key}") if name in statement]
    if len(present) != 1:
        what = f"{key} or Not{key}"
        message = f"a statement has both {what}" if present else f"a statement has no {what}"
        raise PolicyError(message, location=locate(statement, present[0] if present else None))
    return _strings(statement, present[0]), present[0] != key


def _statement(written: Any, policy: str, variables: bool, at: Location | None) -> Statement:
    if not isinstance(written, Mapping):
        raise PolicyError(f"a statement is a mapping, not {written!r}", location=at)
    for key in written:
        if key in ("Principal", "NotPrincipal"):
            raise PolicyError(
                f"{key} belongs to policies of resources, and this is one of a role or user",
                location=locate(written, key),
            )
        if key not in _KEYS:
            raise PolicyError(f"a statement has no {key!r}", location=locate(written, key))
    effect = written.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f"Effect is Allow or Deny, not {effect!r}", location=locate(written, "Effect"))
    actions, not_actions = _one_of(written, "Action")
    resources, not_resources = _one_of(written, "Resource")
    for action in actions:
        if not _ACTION.fullmatch(action):
            key = "NotAction" if not_actions else "Action"
            raise PolicyError(f"an action is service:Name, not {action!r}", location=locate(written, key))
    return Statement(
        effect,
        actions,
        resources,
        not_actions,
        not_resources,
        _condition(written),
        written.get("Sid"),
        policy,
        variables,
        at,
    )


def _condition(written: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    condition = written.get("Condition", {})
    if not isinstance(condition, Mapping):
        raise PolicyError("Condition maps operators to keys", location=locate(written, "Condition"))
    for operator, keys in condition.items():
        if not is_operator(operator):
            raise PolicyError(f"there is no condition operator {operator!r}", location=locate(condition, operator))
        if not isinstance(keys, Mapping):
            raise PolicyError(f"{operator} maps condition keys to values", location=locate(condition, operator))
    return condition
