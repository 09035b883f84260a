"""What an expression can see: variables in their scopes, the context object, time and chance."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from pipeproof.stepfunctions.errors import StateFailure, evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions import jsonata as jsonata_language
from pipeproof.stepfunctions.expressions.intrinsic_calls import Call, IntrinsicSyntaxError, is_call, parse_call
from pipeproof.stepfunctions.expressions.jsonpath import NoMatch, Path, PathSyntaxError
from pipeproof.stepfunctions.expressions.jsonpath_parser import parse_path
from pipeproof.stepfunctions.values import MISSING, dump

_STATES_FIELDS = re.compile(r"\$states(?!\w)(?:\.(\w+))?")


class Scope:
    """Variables of one level; a Map's iterations and a Parallel's branches see those around them, and set their own.

    AWS: an inner scope may read the outer's variables but not assign them.
    """

    __slots__ = ("_flat", "own", "parent")

    def __init__(self, parent: "Scope | None" = None, own: dict[str, Any] | None = None) -> None:
        self.parent = parent
        self.own = own if own is not None else {}
        self._flat: Mapping[str, Any] | None = None

    def assign(self, values: Mapping[str, Any]) -> None:
        """Sets variables of this level."""
        if values:
            self.own = {**self.own, **values}
            self._flat = None

    def visible(self) -> Mapping[str, Any]:
        """Return all variables that can be read here."""
        if self.parent is None:
            return self.own
        if self._flat is None:
            self._flat = {**self.parent.visible(), **self.own}
        return self._flat


class Clock:
    """The virtual time, in seconds since the execution started."""

    __slots__ = ("_written", "now", "start")

    def __init__(self, start: datetime) -> None:
        self.start = start if start.tzinfo else start.replace(tzinfo=UTC)
        self.now = 0.0
        self._written: tuple[float, str] = (-1.0, "")

    def date(self) -> datetime:
        """Return the virtual time as a date."""
        return self.start + timedelta(seconds=self.now)

    def text(self, at: float | None = None) -> str:
        """Return the virtual time as the context object writes it: `2026-01-01T00:00:00.000Z`."""
        seconds = self.now if at is None else at
        if self._written[0] != seconds:  # much happens at one instant
            moment = (self.start + timedelta(seconds=seconds)).astimezone(UTC)
            self._written = (seconds, moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z")
        return self._written[1]

    def millis(self) -> int:
        """Return the virtual time in milliseconds since 1970."""
        return int(self.date().timestamp() * 1000)


class Environment(ABC):
    """Evaluates paths, calls and expressions in the place of one state."""

    __slots__ = ()

    @property
    @abstractmethod
    def scope(self) -> Scope:
        """The variables."""

    @property
    @abstractmethod
    def clock(self) -> Clock:
        """The virtual time."""

    @property
    @abstractmethod
    def random(self) -> Random:
        """The execution's chance."""

    @abstractmethod
    def context(self) -> dict[str, Any]:
        """Return the context object; called only when an expression looks at it."""

    def find(self, path: Path, document: Any) -> Any:
        """The value of a path whose `$` is the document.

        Raises:
            NoMatch: Nothing is there.
        """
        if path.root == "$":
            return path.find(document)
        if path.root == "$$":
            return path.find(self.context())
        variables = self.scope.visible()
        if path.root not in variables:
            raise NoMatch(f"No results for path: $['{path.root}']")
        return path.find(variables[path.root])

    def query(self, text: str, document: Any) -> Any:
        """Return the value of a path or an intrinsic call, for the fields whose names end in Path.

        Raises:
            StateFailure: Nothing is there, or the call failed.
        """
        if is_call(text):
            return self._call(text, text, document)
        path = _path(text)
        try:
            return self.find(path, document)
        except NoMatch as error:
            raise runtime_failure(f"Invalid path '{text}' : {error}") from error

    def template(self, text: str, field: str, document: Any) -> Any:
        """Return the value for a `name.$` field of a payload template."""
        if is_call(text):
            return self._call(text, field, document)
        try:
            return self.find(_path(text), document)
        except NoMatch as error:
            raise not_found(text, field, document) from error

    def _call(self, text: str, field: str, document: Any) -> Any:
        try:
            call = parse_call(text)
        except IntrinsicSyntaxError as error:
            raise runtime_failure(f"The intrinsic function '{text}' cannot be parsed: {error}") from error

        return self.call(call, field, document)

    def call(self, call: Call, field: str, document: Any) -> Any:
        """Return what an intrinsic function gives; `field` is where the call stands, for messages.

        Raises:
            StateFailure: A path among its arguments finds nothing, or the function does not take them.
        """

        def read(path: Path) -> Any:
            try:
                return path.find(document) if path.root == "$" else self.find(path, document)
            except NoMatch as error:
                raise not_found(path.text, field, document) from error

        return call.evaluate(read, self.random)

    def jsonata(self, text: str, field: str, states: Mapping[str, Any]) -> Any:
        """Return the value of a JSONata expression, with its marks.

        Args:
            text: `{% ... %}`.
            field: Where it stands (`Output/total`), for the message.
            states: What `$states` holds besides the context object.

        Raises:
            StateFailure: States.QueryEvaluationError.
        """
        expression = jsonata_language.inner(text)
        visible = {**states, "context": self.context()} if _needs_context(expression) else states
        world = jsonata_language.World(self.clock.millis(), self.random)
        told = f"The JSONata expression '{expression}' specified for the field '{field}'"
        try:
            value = jsonata_language.evaluate(expression, {**self.scope.visible(), "states": visible}, world)
        except (jsonata_language.JsonataError, jsonata_language.JsonataSyntaxError) as error:
            raise evaluation_failure(f"{told} {_ending(error)}", field) from error
        if value is MISSING:
            raise evaluation_failure(f"{told} returned nothing (undefined).", field)
        return value


def _ending(error: jsonata_language.JsonataError | jsonata_language.JsonataSyntaxError) -> str:
    """Return how the service's sentence ends: after a stop an error with a code, after a colon a limit."""
    if isinstance(error, jsonata_language.ResultTypeError):
        return "returned an unsupported result type."
    if isinstance(error, jsonata_language.JsonataError) and error.internal:
        return f"threw an internal error during evaluation. {error}"
    return f"threw an error during evaluation{'.' if error.code else ':'} {error}"


@lru_cache(maxsize=4096)
def _needs_context(expression: str) -> bool:
    return any(field in (None, "", "context") for field in _states_fields(expression))


def _states_fields(expression: str) -> Iterator[str | None]:
    return (found.group(1) for found in _STATES_FIELDS.finditer(expression))


def _path(text: str) -> Path:
    try:
        return parse_path(text)
    except PathSyntaxError as error:
        raise runtime_failure(f"Invalid path '{text}' : {error}") from error


def not_found(path: str, field: str, document: Any) -> StateFailure:
    """Return the failure of a `name.$` field whose path finds nothing."""
    return runtime_failure(
        f"The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{dump(document)}'"
    )
