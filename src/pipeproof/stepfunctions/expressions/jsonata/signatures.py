"""Signatures of functions (`<s-nn?:s>`): which arguments fit, which the context stands for, which are made lists."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, syntax_error
from pipeproof.stepfunctions.expressions.jsonata.values import Function, is_any_number
from pipeproof.stepfunctions.values import MISSING

_KINDS = {"a": "arrays", "b": "booleans", "f": "functions", "n": "numbers", "o": "objects", "s": "strings"}
_CLASSES = {"a": "[asnblfom]", "f": "f", "j": "[asnblom]", "x": "[asnblfom]"}


@dataclass(slots=True)
class _Parameter:
    kind: str
    regex: str
    subtype: str | None = None
    context: re.Pattern[str] | None = None


class Signature:
    """What a function takes."""

    __slots__ = ("_parameters", "_regex", "_simple")

    def __init__(self, parameters: list[_Parameter]) -> None:
        self._parameters = parameters
        self._regex = re.compile("".join(f"({parameter.regex})" for parameter in parameters) + r"\Z")
        self._simple = not any(parameter.context or parameter.kind == "a" for parameter in parameters)

    def validate(self, arguments: list[Any], context: Any) -> list[Any]:
        """Return the arguments as the function gets them.

        Args:
            arguments: As they were given.
            context: What `$` is at the place of the call.

        Raises:
            JsonataError: T0410, T0411 or T0412, they do not fit.
        """
        given = "".join(map(letter, arguments))
        found = self._regex.match(given)
        if found is None:
            raise self._misfit(given)
        if self._simple and len(arguments) == len(self._parameters):
            return arguments
        taken: list[Any] = []
        index = 0
        for parameter, letters in zip(self._parameters, found.groups(), strict=True):
            if letters:
                for single in letters:
                    argument = arguments[index] if index < len(arguments) else MISSING
                    taken.append(_fitted(parameter, single, letters, argument, index))
                    index += 1
            elif parameter.context is None:
                taken.append(arguments[index] if index < len(arguments) else MISSING)
                index += 1
            elif parameter.context.match(letter(context)):
                taken.append(context)
            else:
                raise JsonataError("T0411", index=index + 1)
        return taken

    def _misfit(self, given: str) -> JsonataError:
        good, partial = 0, ""
        for parameter in self._parameters:
            partial += parameter.regex
            found = re.match(partial, given)
            if found is None:
                break
            good = found.end()
        return JsonataError("T0410", index=good + 1)


def _fitted(parameter: _Parameter, single: str, letters: str, argument: Any, index: int) -> Any:
    if parameter.kind != "a" or single == "m":
        return argument
    if parameter.subtype is not None:
        fits = letters == parameter.subtype
        if single == "a":
            kinds = {letter(item) for item in argument}
            fits = not kinds or kinds == {parameter.subtype[:1]}
        if not fits:
            raise JsonataError("T0412", index=index + 1, type=_KINDS.get(parameter.subtype, MISSING))
    return argument if single == "a" else [argument]


def letter(value: Any) -> str:
    """Return the letter that stands for a value's type in a signature; `m` for what is not there."""
    if isinstance(value, str):
        return "s"
    if is_any_number(value):
        return "n"
    if value is MISSING:
        return "m"
    if isinstance(value, list):
        return "a"
    if isinstance(value, dict):
        return "o"
    if isinstance(value, bool):
        return "b"
    return "f" if isinstance(value, Function) else "l"


@lru_cache(maxsize=512)
def parse_signature(text: str) -> Signature:
    """Return a signature, `<` and `>` around it.

    Raises:
        JsonataSyntaxError: S0401 or S0402.
    """
    parameters: list[_Parameter] = []
    index = 1
    while index < len(text) and text[index] != ":":
        symbol = text[index]
        if symbol in "snblo":
            parameters.append(_Parameter(symbol, f"[{symbol}m]"))
        elif symbol in _CLASSES:
            parameters.append(_Parameter(symbol, _CLASSES[symbol]))
        elif symbol == "-" and parameters:
            parameters[-1].context = re.compile(parameters[-1].regex)
            parameters[-1].regex += "?"
        elif symbol in "?+" and parameters:
            parameters[-1].regex += symbol
        elif symbol == "(":
            end = _closing(text, index, "(", ")")
            choice = text[index + 1 : end]
            if "<" in choice:
                raise syntax_error("S0402", index, value=choice)
            parameters.append(_Parameter(f"({choice})", f"[{re.escape(choice)}m]"))
            index = end
        elif symbol == "<":
            if not parameters or parameters[-1].kind not in "af":
                raise syntax_error("S0401", index, value=parameters[-1].kind if parameters else None)
            end = _closing(text, index, "<", ">")
            parameters[-1].subtype = text[index + 1 : end]
            index = end
        index += 1
    return Signature(parameters)


def _closing(text: str, start: int, opening: str, closing: str) -> int:
    depth = 1
    for index in range(start + 1, len(text)):
        depth += (text[index] == opening) - (text[index] == closing)
        if depth == 0:
            return index
    return len(text)
