"""`|pattern|update, delete|`: a function that changes parts of a copy."""

from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.callables import Call, Native, apply
from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, internal_error
from pipeproof.stepfunctions.expressions.jsonata.running import Env, Evaluator
from pipeproof.stepfunctions.expressions.jsonata.signatures import parse_signature
from pipeproof.stepfunctions.expressions.jsonata.texts import rounded
from pipeproof.stepfunctions.expressions.jsonata.values import Function, are_texts, is_any_number
from pipeproof.stepfunctions.values import MISSING

_SIGNATURE = parse_signature("<(oa):o>")


def transformer(pattern: Evaluator, update: Evaluator, delete: Evaluator | None, env: Env) -> Native:
    """Return the function that a transform stands for.

    Args:
        pattern: What is changed.
        update: Fields to set, an object for each.
        delete: Names of fields to take away.
        env: The scope.
    """

    def transform(call: Call, value: Any) -> Any:
        if value is MISSING:
            return MISSING
        cloned = env.lookup("clone")
        if not isinstance(cloned, Function):
            raise JsonataError("T2013")
        result = apply(cloned, [value], None, env, call.base)
        scope = Env({}, env, env.run, call.base)
        matches = pattern(result, scope)
        if matches is MISSING:
            return result
        for match in list(matches) if isinstance(matches, list) else [matches]:
            _update(match, update(match, scope))
            if delete is not None:
                _delete(match, delete(match, scope))
        return result

    return Native(transform, _SIGNATURE, 1, contextual=True)


def _update(match: Any, update: Any) -> None:
    if update is MISSING:
        return
    if not isinstance(update, dict):
        raise JsonataError("T2011", value=update)
    if isinstance(match, dict):
        match.update(update)
    elif update and not isinstance(match, (list, Function)):
        raise internal_error("a transform set a field of what is not an object")


def _delete(match: Any, names: Any) -> None:
    if names is MISSING:
        return
    listed = names if isinstance(names, list) else [names]
    if not are_texts(listed):
        raise JsonataError("T2012", value=names)
    if isinstance(match, dict):
        for name in listed:
            match.pop(name, None)


def clone(value: Any) -> Any:
    """$clone: a copy as JSON would carry it."""
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items() if item is not MISSING}
    if isinstance(value, list):
        return [None if item is MISSING else clone(item) for item in value]
    if isinstance(value, Function):
        return ""
    if is_any_number(value):
        number = rounded(value)
        return number if number == number else None
    return value
