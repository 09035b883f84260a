"""A template: its parameters, conditions and resources, resolved as far as somebody asks.

Only what is asked for is resolved, so a template need not be whole: a parameter without a value is an error for who
needs it, and for nobody else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeproof.cloudformation import intrinsics
from pipeproof.cloudformation.documents import LocatedDict, load_document, locate
from pipeproof.cloudformation.intrinsics import TemplateError
from pipeproof.cloudformation.names import KINDS, LOWER_CASE_NAMES
from pipeproof.errors import Location

_SAM_ROLES = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it is written: `properties` are not resolved, `location` is its logical id's line."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    location: Location | None


def is_template(document: Any) -> bool:
    """Whether a document is a SAM or CloudFormation template."""
    resources = document.get("Resources") if isinstance(document, Mapping) else None
    return isinstance(resources, Mapping) and any(
        isinstance(item, Mapping) and "Type" in item for item in resources.values()
    )


class Template:
    """A SAM or CloudFormation template.

    Args:
        document: What [load_document][] read.
        parameters: Values of the template's parameters; the others have their default.
        names: Names of resources by logical id, for those that the template leaves to AWS. Without: `stack_name`, a
            hyphen and the logical id.
        attributes: Values for `Fn::GetAtt`, by `"LogicalId.Attribute"`, for what only AWS knows.
        imports: Values for `Fn::ImportValue`.
        region: `AWS::Region`; it decides the partition too.
        account: `AWS::AccountId`.
        stack_name: `AWS::StackName`.
    """

    def __init__(
        self,
        document: Mapping[str, Any],
        *,
        parameters: Mapping[str, Any] | None = None,
        names: Mapping[str, str] | None = None,
        attributes: Mapping[str, Any] | None = None,
        imports: Mapping[str, Any] | None = None,
        region: str = "us-east-1",
        account: str = "123456789012",
        stack_name: str = "pipeline",
    ) -> None:
        self.document = document
        self.region = region
        self.account = account
        self.stack_name = stack_name
        self.partition = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}.get(
            region.rpartition("-")[0].rpartition("-")[0] + "-", "aws"
        )
        self._given = dict(parameters or {})
        self._names = dict(names or {})
        self._attributes = dict(attributes or {})
        self._imports = dict(imports or {})
        self._resolving: list[str] = []
        unknown = sorted(self._given.keys() - self._section("Parameters").keys())
        if unknown:
            known = ", ".join(sorted(self._section("Parameters"))) or "none"
            raise TemplateError(f"no parameter is called {', '.join(unknown)}", hint=f"The template has: {known}.")

    @classmethod
    def load(cls, path: str | Path, **options: Any) -> "Template":
        """Read a template's file; the options are the class's."""
        document = load_document(path)
        if not is_template(document):
            raise TemplateError(
                "not a SAM or CloudFormation template: no Resources with a Type", location=Location(Path(path), 1)
            )
        return cls(document, **options)

    @property
    def resources(self) -> dict[str, Resource]:
        """The resources whose conditions hold, by logical id, in the template's order."""
        return {
            name: Resource(
                name, str(item["Type"]), item.get("Properties") or {}, locate(self._section("Resources"), name)
            )
            for name, item in self._section("Resources").items()
            if isinstance(item, Mapping) and "Type" in item and self._exists(item)
        }

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of these types, in the template's order."""
        return [resource for resource in self.resources.values() if resource.type in types]

    def raw(self, logical_id: str) -> Mapping[str, Any]:
        """A resource's properties as they are written."""
        return self._resource(logical_id, None).properties

    def properties(self, logical_id: str) -> LocatedDict:
        """A resource's properties, resolved, over what SAM's `Globals` give for its type."""
        resource = self._resource(logical_id, None)
        own = self.resolve(resource.properties)
        if not resource.type.startswith("AWS::Serverless::"):
            return own  # type: ignore[no-any-return]
        shared = self._section("Globals").get(resource.type.rpartition("::")[2]) or {}
        return _merged(self.resolve(shared), own)  # type: ignore[no-any-return]

    def resolve(self, value: Any) -> Any:
        """`value` (a part of this template) with its intrinsic functions resolved; places are kept."""
        resolved = intrinsics.resolve(value, self)
        return None if resolved is intrinsics.NO_VALUE else resolved

    def name(self, logical_id: str, at: Location | None = None) -> str:
        """A resource's physical name."""
        if logical_id in self._names:
            return self._names[logical_id]
        resource = self._resource(logical_id, at)
        kind = KINDS.get(resource.type)
        written = kind.name_in(resource.properties) if kind else None
        if written is not None:
            return str(self._guarded(logical_id, written))
        made = f"{self.stack_name}-{logical_id}"
        return made.lower() if resource.type in LOWER_CASE_NAMES else made

    def arn(self, logical_id: str, at: Location | None = None) -> str | None:
        """A resource's ARN, or `None` for a type whose ARN is not known."""
        resource = self._resource(logical_id, at)
        kind = KINDS.get(resource.type)
        if kind is None or not kind.arn:
            return None
        name = self.name(logical_id, at)
        if resource.type.startswith("AWS::IAM::"):
            path = self.resolve(resource.properties.get("Path")) or "/"
            name = f"{path.strip('/')}/{name}".lstrip("/")
        return self._format(kind.arn, name)

    def ref(self, name: str, at: Location | None = None) -> Any:
        """The value of `Ref: name`; raises [TemplateError][] where it cannot be known."""
        if name.startswith("AWS::"):
            return self._pseudo(name, at)
        if name in self._section("Parameters"):
            return self._parameter(name, at)
        resource = self._resource(name, at)
        kind = KINDS.get(resource.type)
        if kind is None or kind.ref == "{name}":
            return self.name(name, at)
        return self._format(kind.ref, self.name(name, at), self.arn(name, at))

    def get_att(self, name: str, attribute: str, at: Location | None = None) -> Any:
        """The value of `Fn::GetAtt: [name, attribute]`; raises [TemplateError][] where it cannot be known."""
        if f"{name}.{attribute}" in self._attributes:
            return self._attributes[f"{name}.{attribute}"]
        resource = self._resource(name, at)
        arn = self.arn(name, at)
        if attribute == "Arn" and arn:
            return arn
        pattern = KINDS[resource.type].attributes.get(attribute) if resource.type in KINDS else None
        if pattern:
            return self._format(pattern, self.name(name, at), arn)
        raise TemplateError(
            f"only AWS knows {name}.{attribute} ({resource.type})",
            hint=f'Give it: attributes={{"{name}.{attribute}": "…"}}.',
            location=at,
        )

    def condition(self, name: str, at: Location | None = None) -> bool:
        """Whether the template's condition `name` holds."""
        conditions = self._section("Conditions")
        if name not in conditions:
            raise TemplateError(f"the template has no condition {name!r}", location=at)
        value = self._guarded(f"condition {name}", conditions[name])
        return value if isinstance(value, bool) else str(value).lower() == "true"

    def mapping(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        """A map of the template's `Mappings`, or `None`."""
        return self._section("Mappings").get(name)

    def imported(self, name: str, at: Location | None = None) -> Any:
        """What another stack exports under `name`; raises [TemplateError][] where the caller has not given it."""
        if name in self._imports:
            return self._imports[name]
        raise TemplateError(
            f"another stack exports {name!r}", hint=f'Give its value: imports={{"{name}": "…"}}.', location=at
        )

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.document.get(name)
        return section if isinstance(section, Mapping) else {}

    def _exists(self, resource: Mapping[str, Any]) -> bool:
        name = resource.get("Condition")
        return name is None or self.condition(str(name), locate(resource, "Condition"))

    def _resource(self, name: str, at: Location | None) -> Resource:
        written = self._section("Resources")
        item = written.get(name)
        if isinstance(item, Mapping) and "Type" in item:
            return Resource(name, str(item["Type"]), item.get("Properties") or {}, locate(written, name))
        owner = written.get(name.removesuffix("Role"))
        if name.endswith("Role") and isinstance(owner, Mapping) and owner.get("Type") in _SAM_ROLES:
            return Resource(name, "AWS::IAM::Role", {}, locate(written, name.removesuffix("Role")))
        known = ", ".join(sorted({*self._section("Parameters"), *written}))
        raise TemplateError(
            f"the template has no parameter or resource {name!r}", hint=f"It has: {known}.", location=at
        )

    def _parameter(self, name: str, at: Location | None) -> Any:
        declared = self._section("Parameters")[name] or {}
        value = self._given.get(name, declared.get("Default"))
        kind = str(declared.get("Type", "String"))
        if value is None or (kind.startswith("AWS::SSM::Parameter::Value") and name not in self._given):
            raise TemplateError(
                f"the parameter {name!r} has no value", hint=f'Give it: parameters={{"{name}": "…"}}.', location=at
            )
        if kind.startswith("List<") or kind.endswith("CommaDelimitedList"):
            return value if isinstance(value, list) else [part.strip() for part in str(value).split(",")]
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def _pseudo(self, name: str, at: Location | None) -> Any:
        suffix = _suffix(self.partition)
        stack = f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:stack/{self.stack_name}/00000000"
        values: dict[str, Any] = {
            "AWS::AccountId": self.account,
            "AWS::NotificationARNs": [],
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::StackId": stack,
            "AWS::StackName": self.stack_name,
            "AWS::URLSuffix": suffix,
        }
        if name not in values:
            raise TemplateError(f"there is no pseudo parameter {name!r}", location=at)
        return values[name]

    def _format(self, pattern: str, name: str, arn: str | None = None) -> str:
        return pattern.format(
            name=name,
            arn=arn,
            region=self.region,
            account=self.account,
            partition=self.partition,
            suffix=_suffix(self.partition),
        )

    def _guarded(self, what: str, value: Any) -> Any:
        if what in self._resolving:
            raise TemplateError(f"{what} depends on itself: {' → '.join([*self._resolving, what])}")
        self._resolving.append(what)
        try:
            return self.resolve(value)
        finally:
            self._resolving.pop()


def _suffix(partition: str) -> str:
    return "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"


def _merged(shared: Any, own: Any) -> Any:
    """SAM's rule for `Globals`: maps are merged, lists joined, anything else is replaced."""
    if isinstance(shared, Mapping) and isinstance(own, Mapping):
        result = LocatedDict(locate(own))
        for key in (*shared, *(key for key in own if key not in shared)):
            source = own if key in own else shared
            result[key] = _merged(shared[key], own[key]) if key in shared and key in own else source[key]
            at = locate(source, key)
            if at:
                result.key_locations[key] = at
        return result
    if isinstance(shared, list) and isinstance(own, list):
        return [*shared, *own]
    return own
