"""CloudFormation's intrinsic functions, resolved without a stack.

Source of the rules: AWS CloudFormation's intrinsic function reference. What only a deployed stack knows (an output of
another stack, an attribute that AWS makes up) has to be given by the caller; where it is not, the scope raises an error
that says so, or has a stand-in for it. `Fn::ForEach` is unrolled before (`loops.py`).
"""

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pipeproof.cloudformation.documents import LocatedDict, LocatedList, locate
from pipeproof.errors import Location, PipeproofError


class TemplateError(PipeproofError):
    """A template cannot be resolved: a value is missing, or a function is used wrongly."""


class Scope(Protocol):
    """What a function may ask of its template."""

    def ref(self, name: str, at: Location | None) -> Any:
        """Return the value of `Ref`."""

    def get_att(self, name: str, attribute: str, at: Location | None) -> Any:
        """Return the value of `Fn::GetAtt`."""

    def condition(self, name: str, at: Location | None) -> bool:
        """Return the value of the condition called so."""

    def mapping(self, name: str) -> Mapping[str, Mapping[str, Any]] | None:
        """Return a map of the template's `Mappings`."""

    def imported(self, name: str, at: Location | None) -> Any:
        """Return what another stack exports under `name`."""

    def included(self, location: str, at: Location | None) -> Any:
        """Return what stands in a file that `AWS::Include` names."""

    def stand_in(self, words: str, problem: TemplateError) -> Any:
        """What stands for a value that is not known, called after `words`; raises the problem where nothing may."""

    def dynamic(self, text: str) -> str:
        """Return a text with its dynamic references (`{{resolve:…}}`) replaced, where they may be."""


class NoValue:
    """`AWS::NoValue`: the key or item that has this value is left out."""


NO_VALUE = NoValue()
_DYNAMIC = "{{resolve:"
_SUB = re.compile(r"\$\{(!?)([^${}]+)\}")


def resolve(value: Any, scope: Scope) -> Any:
    """`value` with each intrinsic function in it replaced by what it gives; places are kept."""
    if isinstance(value, Mapping):
        function = _function_of(value)
        if function:
            (name, argument), at = function, locate(value)
            call = _FUNCTIONS.get(name)
            return call(argument, scope, at) if call else scope.stand_in(name, _unresolved(name, at))
        return _resolve_mapping(value, scope)
    if isinstance(value, list):
        items = LocatedList(locate(value))
        for index, item in enumerate(value):
            resolved = resolve(item, scope)
            if resolved is not NO_VALUE:
                items.append(resolved)
                items.item_locations.append(locate(value, index))
        return items
    return scope.dynamic(value) if isinstance(value, str) and _DYNAMIC in value else value


def _resolve_mapping(value: Mapping[str, Any], scope: Scope) -> LocatedDict:
    mapping = LocatedDict(locate(value))
    for key, item in value.items():
        resolved = resolve(item, scope)
        if resolved is not NO_VALUE:
            mapping[key] = resolved
            at = locate(value, key)
            if at:
                mapping.key_locations[key] = at
    return mapping


def _function_of(value: Mapping[str, Any]) -> tuple[str, Any] | None:
    if len(value) != 1:
        return None
    name, argument = next(iter(value.items()))
    if name == "Condition":
        return (name, argument) if isinstance(argument, str) else None
    if name in _FUNCTIONS or re.fullmatch(r"Fn::\w+", name):
        return name, argument
    return None


def _unresolved(name: str, at: Location | None) -> TemplateError:
    hint = "Load the template as CloudFormation sees it after its transforms (the processed template)."
    return TemplateError(f"{name} is not resolved here", hint=hint, location=at)


def _wrong(name: str, expected: str, at: Location | None) -> TemplateError:
    return TemplateError(f"{name} takes {expected}", location=at)


def _arguments(name: str, argument: Any, least: int, most: int, at: Location | None) -> list[Any]:
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        raise _wrong(name, f"a list of {count} values", at)
    return argument


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return str(value)


def _ref(argument: Any, scope: Scope, at: Location | None) -> Any:
    return NO_VALUE if argument == "AWS::NoValue" else scope.ref(_text(argument), at)


def _get_att(argument: Any, scope: Scope, at: Location | None) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    name, attribute = _arguments("Fn::GetAtt", parts, 2, 2, at)
    return scope.get_att(_text(name), _text(resolve(attribute, scope)), at)


def _sub(argument: Any, scope: Scope, at: Location | None) -> str:
    text, variables = argument, {}
    if isinstance(argument, list):
        text, variables = _arguments("Fn::Sub", argument, 2, 2, at)
    if not isinstance(text, str) or not isinstance(variables, Mapping):
        raise _wrong("Fn::Sub", "a string, or a string and a map of its variables", at)

    def replacement(match: re.Match[str]) -> str:
        literal, name = match.group(1), match.group(2).strip()
        if literal:
            return "${" + name + "}"
        if name in variables:
            return _text(resolve(variables[name], scope))
        if "." in name:
            resource, attribute = name.split(".", 1)
            return _text(scope.get_att(resource, attribute, at))
        return _text(scope.ref(name, at))

    filled = _SUB.sub(replacement, text)
    return scope.dynamic(filled) if _DYNAMIC in filled else filled


def _join(argument: Any, scope: Scope, at: Location | None) -> str:
    separator, values = _arguments("Fn::Join", argument, 2, 2, at)
    values = resolve(values, scope)
    if not isinstance(values, list):
        raise _wrong("Fn::Join", "a separator and a list", at)
    return str(separator).join(_text(value) for value in values)


def _split(argument: Any, scope: Scope, at: Location | None) -> list[str]:
    separator, text = _arguments("Fn::Split", argument, 2, 2, at)
    return _text(resolve(text, scope)).split(str(separator))


def _select(argument: Any, scope: Scope, at: Location | None) -> Any:
    written = _arguments("Fn::Select", argument, 2, 2, at)
    index, values = resolve(written, scope)
    problem = _wrong("Fn::Select", f"an index into the list, and {index!r} is none", at)
    try:
        return values[int(index)]
    except (TypeError, ValueError) as error:
        raise problem from error
    except IndexError as error:
        if isinstance(written[1], list):
            raise problem from error
        return scope.stand_in(f"item{index}", problem)


def _if(argument: Any, scope: Scope, at: Location | None) -> Any:
    name, then, otherwise = _arguments("Fn::If", argument, 3, 3, at)
    return resolve(then if scope.condition(str(name), at) else otherwise, scope)


def _truth(value: Any, scope: Scope, at: Location | None) -> bool:
    result = resolve(value, scope)
    if isinstance(result, str) and result.lower() in ("true", "false"):
        return result.lower() == "true"
    if not isinstance(result, bool):
        raise TemplateError(f"a condition is neither true nor false but {result!r}", location=at)
    return result


def _equals(argument: Any, scope: Scope, at: Location | None) -> bool:
    left, right = (resolve(value, scope) for value in _arguments("Fn::Equals", argument, 2, 2, at))
    return _text(left) == _text(right)


def _and(argument: Any, scope: Scope, at: Location | None) -> bool:
    return all(_truth(value, scope, at) for value in _arguments("Fn::And", argument, 2, 10, at))


def _or(argument: Any, scope: Scope, at: Location | None) -> bool:
    return any(_truth(value, scope, at) for value in _arguments("Fn::Or", argument, 2, 10, at))


def _not(argument: Any, scope: Scope, at: Location | None) -> bool:
    return not _truth(_arguments("Fn::Not", argument, 1, 1, at)[0], scope, at)


def _condition(argument: Any, scope: Scope, at: Location | None) -> bool:
    return scope.condition(str(argument), at)


def _find_in_map(argument: Any, scope: Scope, at: Location | None) -> Any:
    parts = _arguments("Fn::FindInMap", argument, 3, 4, at)
    name, first, second = (_text(resolve(part, scope)) for part in parts[:3])
    found = (scope.mapping(name) or {}).get(first, {}).get(second)
    if found is not None:
        return resolve(found, scope)
    if len(parts) == 4 and isinstance(parts[3], Mapping) and "DefaultValue" in parts[3]:
        return resolve(parts[3]["DefaultValue"], scope)
    problem = TemplateError(f"the map {name!r} has no value for {first!r}, {second!r}", location=at)
    made_up = scope.stand_in(second, problem)
    others = (row[second] for row in (scope.mapping(name) or {}).values() if second in row)
    return resolve(next(others, made_up), scope)


def _import_value(argument: Any, scope: Scope, at: Location | None) -> Any:
    return scope.imported(_text(resolve(argument, scope)), at)


def _transform(argument: Any, scope: Scope, at: Location | None) -> Any:
    given = resolve(argument, scope)
    name = given.get("Name") if isinstance(given, Mapping) else None
    location = (given.get("Parameters") or {}).get("Location") if isinstance(given, Mapping) else None
    if name == "AWS::Include" and isinstance(location, str):
        return resolve(scope.included(location, at), scope)
    return scope.stand_in(str(name), _unresolved("Fn::Transform", at))


def _base64(argument: Any, scope: Scope, _at: Location | None) -> str:
    return base64.b64encode(_text(resolve(argument, scope)).encode()).decode()


def _get_azs(argument: Any, scope: Scope, at: Location | None) -> list[str]:
    region = _text(resolve(argument, scope)) or _text(scope.ref("AWS::Region", at))
    return [f"{region}{letter}" for letter in "abc"]


def _cidr(argument: Any, scope: Scope, at: Location | None) -> list[str]:
    parts = resolve(_arguments("Fn::Cidr", argument, 2, 3, at), scope)
    try:
        block = ipaddress.ip_network(parts[0])
        bits = int(parts[2]) if len(parts) == 3 else 8
        subnets = block.subnets(new_prefix=block.max_prefixlen - bits)
        return [str(subnet) for subnet, _ in zip(subnets, range(int(parts[1])), strict=False)]
    except ValueError as error:
        raise _wrong("Fn::Cidr", f"a block of addresses, a count and a number of bits ({error})", at) from error


def _length(argument: Any, scope: Scope, at: Location | None) -> int:
    value = resolve(argument, scope)
    if not isinstance(value, list):
        raise _wrong("Fn::Length", "a list", at)
    return len(value)


def _to_json(argument: Any, scope: Scope, _at: Location | None) -> str:
    return json.dumps(resolve(argument, scope), separators=(",", ":"))


_FUNCTIONS: dict[str, Callable[[Any, Scope, Location | None], Any]] = {
    "Condition": _condition,
    "Fn::And": _and,
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _get_azs,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Not": _not,
    "Fn::Or": _or,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::ToJsonString": _to_json,
    "Fn::Transform": _transform,
    "Ref": _ref,
}
