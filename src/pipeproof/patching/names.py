"""Places in libraries: finds what is there, and whether it takes the parameters that are counted on."""

import inspect
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

_PLACE = re.compile(r"(?P<module>[\w.]+)(?::(?P<path>[\w.]+))?(?:\((?P<parameters>[\w, *]*)\))?")


class Changed(Exception):  # noqa: N818 - it is no failure: the library's own behaviour stands
    """Something of a library is not as its list has it."""


@dataclass(frozen=True, slots=True)
class Name:
    """Something of a library's that is touched.

    Args:
        place: `module:Class.method`, or a module.
        parameters: The parameters that its own ones have to begin with and, after a `*`, those that it has to have
            wherever they stand, all further ones having defaults; `None` where it is not called.
    """

    place: str
    parameters: tuple[str, ...] | None = None

    @classmethod
    def parse(cls, text: str) -> "Name":
        """Read `module:Class.method(self, request)`; a name without parentheses is not called."""
        match = _PLACE.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} does not name a place in a module")
        place = match["module"] + (f":{match['path']}" if match["path"] else "")
        listed = match["parameters"]
        return cls(place, None if listed is None else tuple(part.strip() for part in listed.split(",") if part.strip()))

    def find(self) -> "Found":
        """Return what is there.

        Raises:
            Changed: Nothing is, or it takes other parameters.
        """
        try:
            found = look_up(self.place)
        except (ImportError, AttributeError) as error:
            raise Changed(f"{self.place} is gone") from error
        if self.parameters is not None and not _takes(found.value, self.parameters):
            raise Changed(f"{self.place} does not take ({', '.join(self.parameters)}) any more")
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """Where something was found: `owner` has it under `name`."""

    owner: Any
    name: str
    value: Any

    def of(self, owner: Any) -> "Found":
        """Return what another owner has under the same name."""
        return Found(owner, self.name, getattr(owner, self.name))


def look_up(place: str) -> Found:
    """Return what is at a place: all that is touched of libraries is found by this function.

    Raises:
        ImportError: There is no such module.
        AttributeError: It has no such name.
    """
    module, _, path = place.partition(":")
    owner: Any = import_module(module)
    if not path:
        return Found(None, module, owner)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    return Found(owner, name, getattr(owner, name))


def _takes(function: Any, parameters: tuple[str, ...]) -> bool:
    """Return whether a function's parameters begin with these, and all others may be left out."""
    if not inspect.ismethod(function):
        function = inspect.unwrap(function, stop=_says_itself)
    elif parameters[:1] in {("self",), ("cls",)}:
        parameters = parameters[1:]
    try:
        return _begins_with(function, parameters)
    except TypeError:  # it cannot be remembered, nor be asked
        return callable(function)


def _says_itself(function: Any) -> bool:
    return hasattr(function, "__signature__")


@lru_cache(maxsize=512)
def _begins_with(function: Any, parameters: tuple[str, ...]) -> bool:
    """Return the same, remembered: it takes a while to find out, and hooks are entered again and again."""
    try:
        own = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # written in C: nothing says what it takes
        return callable(function)
    parameters, named = _split(parameters)
    if not named <= {each.name for each in own if each.kind in {each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY}}:
        return False
    by_position = [each for each in own if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}]
    if any(each.kind is each.VAR_POSITIONAL for each in own) and len(by_position) < len(parameters):
        return True
    if tuple(each.name for each in by_position[: len(parameters)]) != parameters:
        return False
    further = [*by_position[len(parameters) :], *(each for each in own if each.kind is each.KEYWORD_ONLY)]
    return all(each.default is not each.empty for each in further if each.name not in named)


def _split(parameters: tuple[str, ...]) -> tuple[tuple[str, ...], set[str]]:
    """Return the parameters before a `*`, and those after it."""
    if "*" not in parameters:
        return parameters, set()
    star = parameters.index("*")
    return parameters[:star], set(parameters[star + 1 :])
