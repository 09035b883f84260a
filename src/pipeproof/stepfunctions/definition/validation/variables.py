"""The names that expressions use: variables that no state assigns, and what `$states` does not have in a place."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.stepfunctions.definition.source import Position
from pipeproof.stepfunctions.definition.validation.bare_names import find_bare_names
from pipeproof.stepfunctions.definition.validation.findings import Findings

_FUNCTIONS = """
    abs append assert average base64decode base64encode boolean ceil clone contains count decodeUrl decodeUrlComponent
    distinct each encodeUrl encodeUrlComponent error eval exists filter floor formatBase formatInteger formatNumber
    fromMillis hash join keys length lookup lowercase map match max merge millis min not now number pad parse
    parseInteger partition power random range reduce replace reverse round shuffle sift single sort split spread sqrt
    string substring substringAfter substringBefore sum toMillis trim type uppercase uuid zip
"""
KNOWN = frozenset(["states", *_FUNCTIONS.split()])
"""JSONata's functions, those that AWS adds, and `$states`."""
_INNER = ("Branches", "ItemProcessor", "Iterator")
_TOKEN = re.compile(
    r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|/\*.*?\*/|\$\$|\$(\w+)(?:\s*\.\s*(\w+))?""", re.DOTALL
)
_BOUND = re.compile(r"\$(\w+)\s*:=|[#@]\s*\$(\w+)")
_LAMBDA = re.compile(r"(?:function|λ)\s*\(([^)]*)\)")
_PARAMETER = re.compile(r"\$(\w+)")
_PATH = re.compile(r"\$([A-Za-z_]\w*)")


def check_variables(raw: Mapping[str, Any], findings: Findings) -> None:
    """Checks the names that a machine's expressions and paths use."""
    assigned = set(_assigned(raw))
    for state, position, language in _states(raw, (), str(raw.get("QueryLanguage", "JSONPath"))):
        for text, place in _texts(state, position):
            if language == "JSONata":
                _check_expression(text, place, assigned, findings)
            elif place[-1] != "Result" and str(place[-1]).endswith(("Path", ".$", "Variable")):
                name = _PATH.match(text)
                if name and name.group(1) not in assigned:
                    _unassigned(name.group(1), place, findings)


def _assigned(value: Any) -> Iterator[str]:
    """Yield the names of all Assign blocks, wherever they stand."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Assign" and isinstance(item, Mapping):
                yield from (str(name).removesuffix(".$") for name in item)
            yield from _assigned(item)
    elif isinstance(value, list):
        for item in value:
            yield from _assigned(item)


def _states(raw: Any, position: Position, language: str) -> Iterator[tuple[Mapping[str, Any], Position, str]]:
    states = raw.get("States") if isinstance(raw, Mapping) else None
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if not isinstance(state, Mapping):
            continue
        place = (*position, "States", name)
        yield state, place, str(state.get("QueryLanguage", language))
        for field in _INNER:
            inner = state.get(field)
            for index, graph in enumerate(inner) if isinstance(inner, list) else ((None, inner),):
                where = (*place, field) if index is None else (*place, field, index)
                yield from _states(graph, where, language)


def _texts(value: Any, position: Position) -> Iterator[tuple[str, Position]]:
    """Yield the texts of a state, those of the states inside of it left out."""
    if isinstance(value, str):
        yield value, position
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in _INNER:
                yield from _texts(item, (*position, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*position, index))


def _check_expression(text: str, position: Position, assigned: set[str], findings: Findings) -> None:
    if not (text.startswith("{%") and text.rstrip().endswith("%}")):
        return
    bound = {name for pair in _BOUND.findall(text) for name in pair if name}
    bound |= {name for parameters in _LAMBDA.findall(text) for name in _PARAMETER.findall(parameters)}
    for token in _TOKEN.finditer(text):
        name, field = token.groups()
        if token.group() == "$$":
            findings.error("SFN306", "'$$' cannot be used: an expression has no input but $states", position)
        elif name == "states" and field == "errorOutput" and "Catch" not in position:
            findings.error("SFN306", "$states.errorOutput is there in the fields of a Catch only", position)
        elif name is not None and name not in KNOWN and name not in bound and name not in assigned:
            _unassigned(name, position, findings)
    for name in find_bare_names(text.strip()[2:-2]):
        message = f"{name!r} finds nothing: an expression has no input but $states (in the input it is $states.input.…)"
        findings.warn("SFN306", message, position)


def _unassigned(name: str, position: Position, findings: Findings) -> None:
    findings.warn("SFN306", f"the variable ${name} is assigned nowhere", position)
