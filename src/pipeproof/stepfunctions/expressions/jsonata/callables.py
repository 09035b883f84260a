"""Functions of every kind, and how they are called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, internal_error
from pipeproof.stepfunctions.expressions.jsonata.running import DEPTH, Env, Evaluator, Run
from pipeproof.stepfunctions.expressions.jsonata.signatures import Signature
from pipeproof.stepfunctions.expressions.jsonata.values import Function
from pipeproof.stepfunctions.values import MISSING


class Body:
    """What a lambda does.

    Args:
        parameters: Its variables' names.
        signature: What it takes, if that is said.
        build: Makes the evaluator; the argument says whether it counts its depth.
    """

    __slots__ = ("_build", "_careful", "_deepest", "_evaluator", "parameters", "signature")

    def __init__(
        self,
        parameters: Sequence[str],
        signature: Signature | None,
        build: Callable[[bool], tuple[Evaluator, int]],
    ) -> None:
        self.parameters = tuple(parameters)
        self.signature = signature
        self._build = build
        self._evaluator, self._deepest = build(False)
        self._careful: Evaluator | None = None

    def at(self, base: int) -> Evaluator:
        """Return the evaluator for a call at this depth: one that counts only where it could come too deep."""
        if base + self._deepest <= DEPTH:
            return self._evaluator
        if self._careful is None:
            self._careful = self._build(True)[0]
        return self._careful


class Lambda(Function):
    """A function of the expression, with what it sees."""

    __slots__ = ("body", "env", "parameters", "partial", "signature", "value")

    def __init__(self, body: Body, value: Any, env: Env) -> None:
        super().__init__(len(body.parameters))
        self.body = body
        self.parameters = body.parameters
        self.signature = body.signature
        self.value = value
        self.env = env
        self.partial = False

    def partially(self, arguments: Sequence[Any]) -> "Lambda":
        """Return the function with some arguments given; OPEN stands for those that are not."""
        given = [*arguments, *[MISSING] * (len(self.parameters) - len(arguments))]
        bound = {name: value for name, value in zip(self.parameters, given, strict=False) if value is not OPEN}
        made = Lambda(self.body, self.value, Env(bound, self.env, self.env.run, self.env.base))
        made.parameters = tuple(name for name in self.parameters if name not in bound)
        made.arity = len(made.parameters)
        made.signature = None
        made.partial = True
        return made


class Thunk:
    """A call in the last place of a function: made after the function has returned."""

    __slots__ = ("arguments", "env", "name", "procedure", "value")

    def __init__(
        self, procedure: Evaluator, arguments: Sequence[Evaluator], value: Any, env: Env, name: str | None
    ) -> None:
        self.procedure = procedure
        self.arguments = arguments
        self.value = value
        self.env = env
        self.name = name


class Native(Function):
    """A built-in function.

    Args:
        implementation: Takes the call first where it calls functions itself or looks at time and chance.
        signature: What it takes.
        arity: How many parameters the reference's function has without a default.
        contextual: It takes the call.
    """

    __slots__ = ("contextual", "implementation", "signature")

    def __init__(
        self, implementation: Callable[..., Any], signature: Signature, arity: int, contextual: bool = False
    ) -> None:
        super().__init__(arity)
        self.implementation = implementation
        self.signature = signature
        self.contextual = contextual


class PartialNative(Function):
    """A built-in function with some arguments given; the reference does not check their types any more."""

    __slots__ = ("given", "native")

    def __init__(self, native: Native, given: Sequence[Any]) -> None:
        super().__init__(sum(value is OPEN for value in given))
        self.native = native
        self.given = given

    def filled(self, arguments: Sequence[Any]) -> list[Any]:
        """Return the arguments in their places."""
        rest = iter(arguments)
        return [next(rest, MISSING) if value is OPEN else value for value in self.given]


class Passed(Function):
    """A function that was given as an argument."""

    __slots__ = ("function",)

    def __init__(self, function: Function) -> None:
        super().__init__(function.arity)
        self.function: Function = function.function if isinstance(function, Passed) else function


class Host(Function):
    """A function that takes whatever it is given: a regular expression, or the next of its matches."""

    __slots__ = ("implementation",)

    def __init__(self, implementation: Callable[..., Any], arity: int) -> None:
        super().__init__(arity)
        self.implementation = implementation


OPEN: Any = object()
"""Stands for an argument that a partial application leaves open."""


@dataclass(frozen=True, slots=True)
class Call:
    """A built-in function's way back to the evaluation.

    Attributes:
        base: How deep it is nested.
        run: The evaluation.
        env: The scope of the call.
    """

    base: int
    run: Run
    env: Env

    def apply(self, function: Any, arguments: Sequence[Any]) -> Any:
        """Calls a function that was given as an argument.

        Raises:
            JsonataError: The function's own, or the reference cannot call it.
        """
        if type(function) is Passed:
            return apply(function.function, list(arguments), None, self.env, self.base)
        if isinstance(function, (Native, PartialNative)) or (isinstance(function, Lambda) and function.partial):
            raise internal_error(
                "the reference implementation cannot call a built-in or partially applied function that the last call "
                "of a function's body hands on; hand on function($v){…} instead"
            )
        value = function.value if isinstance(function, Lambda) else None
        return apply(function, list(arguments), value, self.env, self.base)

    def each(self, function: Any, value: Any, key: Any, whole: Any) -> Any:
        """Calls a function with as many of value, key (or index) and the whole as it takes."""
        return self.apply(function, (value, key, whole)[: max(1, min(function.arity, 3))])


def apply(function: Any, arguments: list[Any], value: Any, env: Env, base: int) -> Any:
    """Calls a function, and what it leaves for the end.

    Args:
        function: What is called.
        arguments: With what.
        value: The context at the place of the call.
        env: The scope of the call.
        base: How deep it is nested.

    Raises:
        JsonataError: T1006, it is no function; or its own.
    """
    result = _apply(function, arguments, value, env, base)
    while type(result) is Thunk:
        following = result.procedure(result.value, result.env)
        if following is MISSING or following is None:
            raise internal_error("the last call of a function's body calls what is not there")
        inner = [argument(result.value, result.env) for argument in result.arguments]
        name = result.name
        try:
            result = _apply(following, inner, value, env, base)
        except JsonataError as error:
            error.symbol = error.symbol or name
            raise
    return result


def _apply(function: Any, arguments: list[Any], value: Any, env: Env, base: int) -> Any:
    kind = type(function)
    if kind is Lambda:
        env.run.spend(1)
        if function.signature is not None:
            arguments = function.signature.validate(arguments, value)
        names = dict(zip(function.parameters, arguments, strict=False))
        for name in function.parameters[len(arguments) :]:
            names[name] = MISSING
        return function.body.at(base)(function.value, Env(names, function.env, env.run, base))
    if kind is Native:
        arguments = function.signature.validate(arguments, value)
        return (
            function.implementation(Call(base, env.run, env), *arguments)
            if function.contextual
            else function.implementation(*arguments)
        )
    if kind is Passed:
        return apply(function.function, arguments, None, env, base)
    if kind is PartialNative:
        return _apply_partial(function, arguments, env, base)
    if kind is Host:
        return function.implementation(*arguments)
    raise JsonataError("T1006")


def _apply_partial(function: PartialNative, arguments: Sequence[Any], env: Env, base: int) -> Any:
    given = function.filled(arguments)
    checked = function.native.signature.validate(given, MISSING)
    if any(one is not other for one, other in zip(checked, given, strict=False)):
        raise internal_error("a partially applied built-in function was given a value of another type than it takes")
    native = function.native
    return (
        native.implementation(Call(base, env.run, env), *checked)
        if native.contextual
        else native.implementation(*checked)
    )
