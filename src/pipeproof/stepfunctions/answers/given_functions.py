"""The functions of a state machine: those of its template, and over them what a test gives."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeproof.stepfunctions.answers.lambda_functions import LambdaFunction
from pipeproof.stepfunctions.definition.functions import TemplateFunction
from pipeproof.stepfunctions.errors import MockError
from pipeproof.text import closest

_KEYS = frozenset({"handler", "role_policy", "environment", "timeout", "memory"})
_ALL = "Parameters"
"""The key of `sam local`'s file whose variables are for all functions that have them."""


def collect_functions(
    described: Mapping[str, TemplateFunction],
    lambdas: Mapping[str, Any],
    env_vars: Mapping[str, Any] | str | Path | None = None,
) -> dict[str, LambdaFunction]:
    """Return all functions by name.

    Args:
        described: Those of the template, by name.
        lambdas: What a test gives, by name or by logical id.
        env_vars: Values of environment variables, by function, or the path of a JSON file that has them.

    Raises:
        MockError: The variables are of a wrong form, or of a function or name that the template does not have.
    """
    names = {function.logical_id: name for name, function in described.items()}
    given = {names.get(key, key): handler for key, handler in lambdas.items()}
    variables = _read_variables(env_vars)
    _check_variables(variables, described, names)
    functions = {name: _given(name, what) for name, what in given.items()}
    for name, function in described.items():
        own = functions.get(name, LambdaFunction(name))
        merged = {**_variables_of(function, variables), **own.variables}
        functions[name] = replace(own, template=function, variables=merged)
    return functions


def _given(name: str, what: Any) -> LambdaFunction:
    """Return a function as a test gives it.

    Raises:
        MockError: It is neither a handler nor a mapping of what is known.
    """
    if isinstance(what, LambdaFunction):
        return what
    if callable(what) or isinstance(what, str):
        return LambdaFunction(name, what)
    unknown = set(what) - _KEYS if isinstance(what, Mapping) else {"?"}
    if unknown or not (callable(what.get("handler")) or isinstance(what.get("handler", ""), str)):
        raise MockError(
            f"lambdas: {name!r} is neither a handler nor a mapping of {', '.join(sorted(_KEYS))}",
            hint='Write "package.module:handler", a callable, or {"handler": …, "role_policy": …}.',
        )
    return LambdaFunction(
        name,
        what.get("handler"),
        variables={key: str(value) for key, value in what.get("environment", {}).items()},
        role_policy=what.get("role_policy"),
        timeout=what.get("timeout"),
        memory=what.get("memory"),
    )


def _read_variables(given: Mapping[str, Any] | str | Path | None) -> dict[str, dict[str, str]]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        try:
            given = json.loads(Path(given).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise MockError(f"env_vars: {given} cannot be read: {error}") from error
    if not isinstance(given, Mapping) or not all(isinstance(values, Mapping) for values in given.values()):
        raise MockError(
            "env_vars is not a mapping of functions to their variables", hint='Write {"Function": {"NAME": "value"}}.'
        )
    return {
        key: {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
        for key, values in given.items()
    }


def _check_variables(
    variables: Mapping[str, Mapping[str, str]], described: Mapping[str, TemplateFunction], names: Mapping[str, str]
) -> None:
    for key, values in variables.items():
        if key != _ALL and key not in described and key not in names:
            meant = closest(key, [*names, *described])
            hint = f"Did you mean {meant!r}?" if meant else f"It has: {', '.join(names) or 'none'}."
            raise MockError(f"env_vars names {key!r}, but the template has no such function", hint=hint)
        functions = described.values() if key == _ALL else [described[names.get(key, key)]]
        known = {name for function in functions for name in function.variable_names()}
        for name in values:
            if name not in known:
                raise MockError(
                    f"env_vars gives {key!r} the variable {name!r}, which the template does not",
                    hint="In AWS the function would not have it: declare it in the template.",
                )


def _variables_of(function: TemplateFunction, variables: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    own = {**variables.get(function.name, {}), **variables.get(function.logical_id, {})}
    shared = variables.get(_ALL, {})
    names = set(function.variable_names()) if shared else set()
    return {**{name: value for name, value in shared.items() if name in names}, **own}
