"""The fields of Map states that take a number, a path or an expression, and ItemSelector."""

from typing import Any

from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.engine.run import Frame, Visit
from pipeproof.stepfunctions.errors import evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions.environment import Environment
from pipeproof.stepfunctions.expressions.payload import fill_expressions, fill_template
from pipeproof.stepfunctions.values import dump, is_number


def select_item(state: State, item: Any, value: Any, effective: Any, frame: Frame, visit: Visit) -> Any:
    """What an iteration is given: the item, or what ItemSelector (once Parameters) makes of it."""
    raw = state.raw
    if state.is_jsonata:
        if "ItemSelector" not in raw:
            return item
        environment = frame.environment(visit)
        return fill_expressions(raw["ItemSelector"], "ItemSelector", {"input": value}, environment)
    selector = raw.get("ItemSelector", raw.get("Parameters"))
    return item if selector is None else fill_template(selector, effective, frame.environment(visit))


def find_concurrency(state: State, value: Any, effective: Any, environment: Environment) -> int:
    """MaxConcurrency, in any of its forms; 0 is no limit."""
    found = find_number(state, state.raw, "MaxConcurrency", value, effective, environment)
    if found is None:
        return 0
    if found < 0 or found != int(found):
        raise _wrong(state, state.raw, "MaxConcurrency", found)
    return int(found)


def find_number(
    state: State, raw: Any, field: str, value: Any, effective: Any, environment: Environment, *, prefix: str = ""
) -> float | None:
    """A number that may be literal, a path's (`…Path`, digits in a string allowed) or an expression's."""
    if f"{field}Path" in raw:
        found = environment.query(raw[f"{field}Path"], effective)
        if isinstance(found, str):
            try:
                found = int(found)
            except ValueError:
                raise _wrong(state, raw, field, found) from None
        if not is_number(found):
            raise _wrong(state, raw, field, found)
        return float(found)
    if field not in raw:
        return None
    found = raw[field]
    if state.is_jsonata:
        found = fill_expressions(found, prefix + field, {"input": value}, environment)
    if not is_number(found):
        raise _wrong(state, raw, field, found)
    return float(found)


def _wrong(state: State, raw: Any, field: str, found: Any) -> Exception:
    if f"{field}Path" in raw:
        shown = found if isinstance(found, str) else dump(found)
        return runtime_failure(
            f'The {field}Path field refers to value "{shown}" which is not a valid integer: {raw[field + "Path"]}'
        )
    if state.is_jsonata:
        return evaluation_failure(
            f"The JSONata expression '{raw[field]}' specified for the field '{field}' returned an unexpected result. "
            f"Expected a non-negative integer, but was {dump(found)}",
            field,
        )
    return runtime_failure(f'The {field} field has the value "{found}" which is not a valid integer')
