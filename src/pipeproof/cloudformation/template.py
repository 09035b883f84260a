"""A template: its parameters, conditions and resources, resolved as far as somebody asks.

Only what is asked for is resolved, so a template need not be whole: a parameter without a value is an error for who
needs it, and for nobody else; or it has a stand-in, where the template is read so (`unknown`).
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pipeproof.cloudformation import intrinsics
from pipeproof.cloudformation.documents import DocumentError, LocatedDict, load_document, locate
from pipeproof.cloudformation.intrinsics import TemplateError
from pipeproof.cloudformation.loops import has_loops, unroll
from pipeproof.cloudformation.names import LOWER_CASE_NAMES, Kind
from pipeproof.cloudformation.pseudo import pseudo_parameters, url_suffix
from pipeproof.cloudformation.resource import Resource, is_template
from pipeproof.cloudformation.resource_types import find_kind
from pipeproof.cloudformation.sam import REFERABLE, SAM, generated_type, has_macros, merge_globals
from pipeproof.cloudformation.stand_ins import ANY, Places, StandIn, parameter_value, text_called
from pipeproof.errors import Location

_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
_DYNAMIC = re.compile(r"\{\{resolve:[\w-]+:([^{}]+?)\}\}")

Unknown = Literal["error", "named", "any"]
"""What becomes of a value that only a deployment knows: an error, a stand-in of its form, or `*`."""


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
        unknown: What a parameter without a value, another stack's export and an attribute that AWS makes up are:
            an error, a stand-in of the right form (`named`), or the wildcard `*` (`any`).
        twice: What [load_document][] said of keys that stand twice.
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
        unknown: Unknown = "error",
        twice: Iterable[DocumentError] = (),
    ) -> None:
        self.document = document
        self.unknown = unknown
        self.twice = tuple(twice)
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
        self._options: dict[str, Any] = {
            "parameters": parameters,
            "names": names,
            "attributes": attributes,
            "imports": imports,
            "region": region,
            "account": account,
            "stack_name": stack_name,
            "unknown": unknown,
        }
        self._resolving: list[str] = []
        strange = sorted(self._given.keys() - self._section("Parameters").keys())
        if strange:
            known = ", ".join(sorted(self._section("Parameters"))) or "none"
            raise TemplateError(f"no parameter is called {', '.join(strange)}", hint=f"The template has: {known}.")
        if has_loops(document):
            self.document = unroll(document, self.resolve)

    @classmethod
    def load(cls, path: str | Path, **options: Any) -> "Template":
        """Read a template's file; the options are the class's. Of a key that stands twice the last counts."""
        document = load_document(path, twice=[])
        if not is_template(document):
            raise TemplateError(
                "not a SAM or CloudFormation template: no Resources with a Type", location=Location(Path(path), 1)
            )
        return cls(document, **options)

    @property
    def parameter_names(self) -> frozenset[str]:
        """The names of the parameters that it has."""
        return frozenset(self._section("Parameters"))

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

    def reread(self, unknown: Unknown) -> "Template":
        """The same template with another answer to what is unknown."""
        return Template(self.document, **{**self._options, "unknown": unknown})

    def of_type(self, *types: str) -> list[Resource]:
        """Return the resources of these types, in the template's order."""
        return [resource for resource in self.resources.values() if resource.type in types]

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return what stands beside a resource's properties (`Connectors`, `Metadata`), as it is written, or None."""
        item = self._section("Resources").get(logical_id)
        return item.get(name) if isinstance(item, Mapping) else None

    def raw(self, logical_id: str) -> Mapping[str, Any]:
        """A resource's properties as they are written."""
        return self._resource(logical_id, None).properties

    def properties(self, logical_id: str) -> LocatedDict:
        """Return a resource's properties, resolved, over what SAM's `Globals` give for its type."""
        resource = self._resource(logical_id, None)
        own = self.resolve(resource.properties)
        if not resource.type.startswith(SAM):
            return own  # type: ignore[no-any-return]
        shared = self._section("Globals").get(resource.type.rpartition("::")[2]) or {}
        return merge_globals(self.resolve(shared), own)  # type: ignore[no-any-return]

    def resolve(self, value: Any) -> Any:
        """`value` (a part of this template) with its intrinsic functions resolved; places are kept."""
        resolved = intrinsics.resolve(value, self)
        return None if resolved is intrinsics.NO_VALUE else resolved

    def name(self, logical_id: str, at: Location | None = None) -> str:
        """Return a resource's physical name."""
        if logical_id in self._names:
            return self._names[logical_id]
        resource = self._resource(logical_id, at)
        kind = find_kind(resource.type)
        written = kind.name_in(resource.properties) if kind else None
        if written is not None:
            return str(self._guarded(logical_id, written))
        made = f"{self.stack_name}-{logical_id}"
        return made.lower() if resource.type in LOWER_CASE_NAMES else made

    def arn(self, logical_id: str, at: Location | None = None) -> str | None:
        """Return a resource's ARN, or `None` for a type whose ARN is not known."""
        resource = self._resource(logical_id, at)
        if resource.type in ("AWS::Lambda::Version", "AWS::Lambda::Alias"):
            return self._qualified_function(resource, at)
        kind = find_kind(resource.type)
        if kind is None or not kind.arn:
            return None
        name = self.name(logical_id, at)
        if resource.type.startswith("AWS::IAM::"):
            path = self.resolve(resource.properties.get("Path")) or "/"
            name = f"{path.strip('/')}/{name}".lstrip("/")
        return self._format(kind.arn, name)

    def ref(self, name: str, at: Location | None = None) -> Any:
        """Return the value of `Ref: name`; raises [TemplateError][] where it cannot be known."""
        if name.startswith("AWS::"):
            return self._pseudo(name, at)
        if name in self._section("Parameters"):
            return self._parameter(name, at)
        owner, dot, attribute = name.partition(".")
        if dot and attribute in REFERABLE:
            return self.get_att(owner, attribute, at)
        resource = self._resource(name, at)
        if resource.type in ("AWS::Lambda::Version", "AWS::Lambda::Alias"):
            return self.arn(name, at)
        kind = find_kind(resource.type)
        if kind is None or kind.ref == "{name}":
            return self.name(name, at)
        return self._format(kind.ref, self.name(name, at), self.arn(name, at))

    def get_att(self, name: str, attribute: str, at: Location | None = None) -> Any:
        """Return the value of `Fn::GetAtt: [name, attribute]`; raises [TemplateError][] where it cannot be known."""
        if f"{name}.{attribute}" in self._attributes:
            return self._attributes[f"{name}.{attribute}"]
        resource = self._resource(name, at)
        arn = self.arn(name, at)
        kind = find_kind(resource.type)
        if attribute == "Arn" and arn:
            return arn
        if kind and (pattern := kind.attributes.get(attribute)):
            return self._format(pattern, self.name(name, at), arn)
        if resource.type == f"{SAM}Function" and attribute in REFERABLE:
            alias = self.properties(name).get("AutoPublishAlias")
            return f"{arn}:{alias if attribute == 'Alias' and isinstance(alias, str) else 1}"
        output = self._nested_output(resource, attribute.removeprefix("Outputs.")) if resource.type in _NESTED else None
        if output is not None:
            return output
        problem = TemplateError(
            f"only AWS knows {name}.{attribute} ({resource.type})",
            hint=f'Give it: attributes={{"{name}.{attribute}": "…"}}.',
            location=at,
        )
        return self._made_attribute(resource, kind, attribute, problem)

    def _made_attribute(self, resource: Resource, kind: Kind | None, attribute: str, problem: TemplateError) -> Any:
        """Return what stands for an attribute: the resource's own ARN or name where it is one of these."""
        own = resource.type.rpartition("::")[2]
        if self.unknown == "error":
            raise problem
        if kind and attribute == kind.name_property:
            return self.name(resource.logical_id)
        if attribute in ("Arn", f"{own}Arn"):
            service = resource.type.split("::")[1].lower() if resource.type.startswith("AWS::") else "custom"
            made = f"arn:{{partition}}:{service}:{{region}}:{{account}}:{own.lower()}/{{name}}"
            return self.arn(resource.logical_id) or self._format(made, self.name(resource.logical_id))
        if attribute in resource.properties:
            return self.resolve(resource.properties[attribute])
        return self.stand_in(f"{resource.logical_id}.{attribute}", problem)

    def _qualified_function(self, resource: Resource, at: Location | None) -> str:
        """Return the ARN of a version or an alias: its function's with a colon and the qualifier."""
        written = resource.properties.get("FunctionName")
        generated = generated_type(resource.logical_id, self._section("Resources"))
        name = str(self.resolve(written)) if written is not None else self.name(generated[1] if generated else "", at)
        arn = name if name.startswith("arn:") else self._format(_FUNCTION_ARN, name)
        alias = self.resolve(resource.properties.get("Name")) if resource.type.endswith("Alias") else None
        return f"{arn}:{alias or 1}"

    def _nested_output(self, resource: Resource, output: str) -> Any:
        """An output of a nested stack whose template stands beside this one, or None."""
        location = self.resolve(resource.properties.get(_NESTED[resource.type]))
        file = self._beside(location) if isinstance(location, str) else None
        try:
            document: Any = load_document(file, twice=[]) if file is not None else None
        except DocumentError:
            return None
        written = (document.get("Outputs") or {}).get(output) if is_template(document) else None
        if not isinstance(written, Mapping) or "Value" not in written:
            return None
        given = self.resolve(resource.properties.get("Parameters") or {})
        own = {key: value for key, value in given.items() if key in (document.get("Parameters") or {})}
        stack = f"{self.stack_name}-{resource.logical_id}"
        options = {**self._options, "parameters": own, "names": {}, "attributes": {}, "stack_name": stack}
        return Template(document, **options).resolve(written["Value"])

    def _beside(self, location: str) -> Path | None:
        at = locate(self.document)
        file = at.file.parent / location if at is not None else Path(location)
        return file if file.is_file() else None

    def condition(self, name: str, at: Location | None = None) -> bool:
        """Return whether the template's condition `name` holds: with stand-ins, where they are wildcards here."""
        if self.unknown == "any":
            return self._with_stand_ins.condition(name, at)
        conditions = self._section("Conditions")
        if name not in conditions:
            raise TemplateError(f"the template has no condition {name!r}", location=at)
        value = self._guarded(f"condition {name}", conditions[name])
        return value if isinstance(value, bool) else str(value).lower() == "true"

    def mapping(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        """Return a map of the template's `Mappings`, or `None`."""
        return self._section("Mappings").get(name)

    def imported(self, name: str, at: Location | None = None) -> Any:
        """What another stack exports under `name`; raises [TemplateError][] where the caller has not given it."""
        if name in self._imports:
            return self._imports[name]
        problem = TemplateError(
            f"another stack exports {name!r}", hint=f'Give its value: imports={{"{name}": "…"}}.', location=at
        )
        return self.stand_in(name, problem)

    def included(self, location: str, at: Location | None = None) -> Any:
        """Return what stands in a file that `AWS::Include` names, beside the template."""
        file = self._beside(location)
        if file is not None:
            return load_document(file, twice=[])
        return self.stand_in(location, TemplateError(f"{location} is not beside the template", location=at))

    def stand_in(self, words: str, problem: TemplateError) -> Any:
        """What stands for a value that is not known, called after `words`; raises the problem where nothing may."""
        if self.unknown == "error":
            raise problem
        return StandIn(ANY if self.unknown == "any" else text_called(words, self._places(words)))

    def dynamic(self, text: str) -> str:
        """Return a text with its dynamic references (`{{resolve:ssm:…}}`) replaced, where stand-ins may be."""
        if self.unknown == "error":
            return text

        def replacement(match: re.Match[str]) -> str:
            word = match[1].partition(":")[0].rstrip("/").rpartition("/")[2]
            return ANY if self.unknown == "any" else text_called(word, self._places(word))

        return _DYNAMIC.sub(replacement, text)

    @cached_property
    def _with_stand_ins(self) -> "Template":
        return self.reread("named")

    def _places(self, name: str) -> Places:
        return Places(name, self.region, self.account, self.partition)

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
        generated = generated_type(name, written)
        if generated is not None:
            return Resource(name, generated[0], {}, locate(written, generated[1]))
        if self.unknown != "error" and has_macros(self.document):
            return Resource(name, "Custom::MadeByMacro", {}, None)
        known = ", ".join(sorted({*self._section("Parameters"), *written}))
        raise TemplateError(
            f"the template has no parameter or resource {name!r}", hint=f"It has: {known}.", location=at
        )

    def _parameter(self, name: str, at: Location | None) -> Any:
        declared = self._section("Parameters")[name] or {}
        value = self._given.get(name, declared.get("Default"))
        kind = str(declared.get("Type", "String"))
        if value is None or (kind.startswith("AWS::SSM::Parameter::Value") and name not in self._given):
            if self.unknown == "error":
                hint = f'Give it: parameters={{"{name}": "…"}}.'
                raise TemplateError(f"the parameter {name!r} has no value", hint=hint, location=at)
            value = parameter_value(name, declared, self._places(name))
            if self.unknown == "any" and kind != "Number":
                return [ANY] if isinstance(value, list) else StandIn(ANY)
            return value if isinstance(value, list) else StandIn(value)
        if kind.startswith("List<") or kind.removesuffix(">").endswith(("CommaDelimitedList", "<List<String>")):
            return value if isinstance(value, list) else [part.strip() for part in str(value).split(",")]
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def _pseudo(self, name: str, at: Location | None) -> Any:
        values = pseudo_parameters(self.region, self.account, self.partition, self.stack_name)
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
            suffix=url_suffix(self.partition),
        )

    def _guarded(self, what: str, value: Any) -> Any:
        if what in self._resolving:
            raise TemplateError(f"{what} depends on itself: {' → '.join([*self._resolving, what])}")
        self._resolving.append(what)
        try:
            return self.resolve(value)
        finally:
            self._resolving.pop()


_FUNCTION_ARN = "arn:{partition}:lambda:{region}:{account}:function:{name}"
