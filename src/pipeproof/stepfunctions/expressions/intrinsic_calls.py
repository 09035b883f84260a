"""The intrinsic functions of JSONPath states: `States.Format('{}', $.name)` and its seventeen sisters.

The rules are those of the developer guide's page on intrinsic functions. The parser is written by hand; a call is
parsed once and kept.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.intrinsic_functions import FUNCTIONS, Literal
from pipeproof.stepfunctions.expressions.jsonpath import Path, PathSyntaxError
from pipeproof.stepfunctions.expressions.jsonpath_parser import parse_path

_NAME = re.compile(r"States\.([A-Za-z0-9]+)\s*\(")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"(?:true|false|null)\b")
_WORDS = {"true": True, "false": False, "null": None}


class IntrinsicSyntaxError(ValueError):
    """A text that is no call of an intrinsic function."""


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed call: the function's name and its arguments (calls, paths or constants)."""

    name: str
    arguments: tuple["Call | Path | Constant", ...]

    def evaluate(self, read: Callable[[Path], Any], random: Random) -> Any:
        """Calls the function.

        Args:
            read: Finds the value of a path, or raises.
            random: Where random numbers and UUIDs come from.

        Raises:
            StateFailure: States.IntrinsicFailure, for arguments that the function does not take.
        """
        values = []
        for argument in self.arguments:
            if isinstance(argument, Constant):
                values.append(argument.value)
            else:
                values.append(argument.evaluate(read, random) if isinstance(argument, Call) else read(argument))
        try:
            return FUNCTIONS[self.name][0](random, *values)
        except (ValueError, TypeError, IndexError, OverflowError) as error:
            raise _failure(self.name, str(error)) from error

    @property
    def size(self) -> int:
        """How many calls it is, those among its arguments included."""
        return 1 + sum(argument.size for argument in self.arguments if isinstance(argument, Call))


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal argument."""

    value: Any


def _failure(name: str, text: str) -> StateFailure:
    return StateFailure("States.IntrinsicFailure", f"The function 'States.{name}' failed: {text}", wrap=True)


def _range(least: int, most: int) -> str:
    return str(least) if least == most else f"{least} to {most}" if most < 1000 else f"at least {least}"


def is_call(text: str) -> bool:
    """Return whether the text is meant as an intrinsic function's call."""
    return text.startswith("States.")


@lru_cache(maxsize=4096)
def parse_call(text: str) -> Call:
    """Parses a call.

    Raises:
        IntrinsicSyntaxError: It is none, or names a function that there is not.
    """
    call, position = _parse_call(text, 0)
    if text[position:].strip():
        raise IntrinsicSyntaxError(f"unexpected {text[position:].strip()!r} after the call in {text!r}")
    return call


def _parse_call(text: str, position: int) -> tuple[Call, int]:
    head = _NAME.match(text, position)
    if not head:
        raise IntrinsicSyntaxError(f"{text[position:]!r} is not a call of an intrinsic function")
    if head.group(1) not in FUNCTIONS:
        raise IntrinsicSyntaxError(f"there is no intrinsic function States.{head.group(1)}")
    arguments: list[Call | Path | Constant] = []
    position = _skip(text, head.end())
    if text.startswith(")", position):
        return _call(head.group(1), arguments), position + 1
    while True:
        argument, position = _parse_argument(text, position)
        arguments.append(argument)
        position = _skip(text, position)
        if text.startswith(")", position):
            return _call(head.group(1), arguments), position + 1
        if not text.startswith(",", position):
            raise IntrinsicSyntaxError(f"a ',' or ')' is missing at column {position + 1} of {text!r}")
        position = _skip(text, position + 1)


def _call(name: str, arguments: list[Call | Path | Constant]) -> Call:
    _, least, most = FUNCTIONS[name]
    if not least <= len(arguments) <= most:
        raise IntrinsicSyntaxError(f"States.{name} takes {_range(least, most)} arguments, not {len(arguments)}")
    return Call(name, tuple(arguments))


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _parse_argument(text: str, position: int) -> tuple[Call | Path | Constant, int]:
    if text.startswith("'", position):
        return _parse_string(text, position + 1)
    if text.startswith("States.", position):
        return _parse_call(text, position)
    if text.startswith("$", position):
        end = _path_end(text, position)
        try:
            return parse_path(text[position:end].rstrip()), end
        except PathSyntaxError as error:
            raise IntrinsicSyntaxError(str(error)) from error
    number = _NUMBER.match(text, position)
    if number:
        digits = number.group()
        return Constant(float(digits) if set(digits) & set(".eE") else int(digits)), number.end()
    word = _WORD.match(text, position)
    if word:
        return Constant(_WORDS[word.group()]), word.end()
    raise IntrinsicSyntaxError(f"{text[position:]!r} in {text!r} is not an argument")


def _parse_string(text: str, position: int) -> tuple[Constant, int]:
    """Return a single-quoted string, with the places in which States.Format puts its arguments."""
    pieces: list[list[str]] = [[]]
    while position < len(text):
        character = text[position]
        if character == "'":
            return Constant(Literal("{}".join(map("".join, pieces)), map("".join, pieces))), position + 1
        if text.startswith("{}", position):
            pieces.append([])
            position += 1
        elif character == "\\" and position + 1 < len(text):
            position += 1
            if text[position] not in "'{}\\":
                raise IntrinsicSyntaxError(f"'\\{text[position]}' is not an escape in {text!r}")
            pieces[-1].append(text[position])
        else:
            pieces[-1].append(character)
        position += 1
    raise IntrinsicSyntaxError(f"a ' is missing at the end of {text!r}")


def _path_end(text: str, position: int) -> int:
    depth = 0
    quote = ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "[(":
            depth += 1
        elif character in "])" and depth:
            depth -= 1
        elif character in ",)" and not depth:
            break
        position += 1
    return position
