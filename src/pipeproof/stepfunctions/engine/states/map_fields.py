"""The fields of Map states that take a number, a path or an expression, and ItemSelector."""

from collections.abc import Mapping
from typing import Any

from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.engine.run import Frame, Place
from pipeproof.stepfunctions.errors import evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions.payload import fill_expressions, fill_template
from pipeproof.stepfunctions.values import dump, is_number, type_name


def given_items(place: Place, effective: Any) -> Any:
    """The value that a Map without an ItemReader goes over: of Items (JSONata), of ItemsPath, or the input itself."""
    raw = place.state.raw
    if not place.state.is_jsonata:
        return place.environment.query(raw.get("ItemsPath", "$"), effective)
    if "Items" not in raw:
        return place.value
    return fill_expressions(raw["Items"], "Items", {"input": place.value}, place.environment)


def not_items(state: State, found: Any) -> Exception:
    """The failure of a Map whose items are no array."""
    if not state.is_jsonata:
        path = state.raw.get("ItemsPath", "$")
        shown = path[1:] if path.startswith("$$") and not state.is_distributed else path
        return runtime_failure(f'Reference path "{shown}" must point to array.')
    raw = state.raw.get("Items")
    shown = raw[2:-2].strip() if isinstance(raw, str) else "$states.input"
    return evaluation_failure(
        f"The JSONata expression '{shown}' specified for the field 'Items' returned an unexpected result type. "
        f"Expected 'array', but was '{type_name(found)}' for value: {dump(found)}",
        "Items",
    )


def select_item(place: Place, item: Any, effective: Any, inner: Frame) -> Any:
    """What an iteration is given: the item, or what ItemSelector (once Parameters) makes of it.

    Args:
        place: The Map's place.
        item: The item.
        effective: The Map's input after InputPath.
        inner: The iteration's level, whose context object has the item.
    """
    raw = place.state.raw
    if place.state.is_jsonata:
        if "ItemSelector" not in raw:
            return item
        environment = inner.environment(place.visit)
        return fill_expressions(raw["ItemSelector"], "ItemSelector", {"input": place.value}, environment)
    selector = raw.get("ItemSelector", raw.get("Parameters"))
    return item if selector is None else fill_template(selector, effective, inner.environment(place.visit))


def find_concurrency(place: Place, effective: Any) -> int:
    """MaxConcurrency, in any of its forms; 0 is no limit."""
    state = place.state
    found = find_number(place, state.raw, "MaxConcurrency", effective)
    if found is None:
        return 0
    if found < 0 or found != int(found):
        raise _wrong(state, state.raw, "MaxConcurrency", found)
    return int(found)


def find_number(place: Place, raw: Mapping[str, Any], field: str, effective: Any, *, prefix: str = "") -> float | None:
    """A number that may be literal, a path's (`…Path`, digits in a string allowed) or an expression's.

    Args:
        place: The Map's place.
        raw: Where the field stands: the state, or a part of it.
        field: The field's name, without Path.
        effective: The Map's input after InputPath.
        prefix: The part's name in messages: `ItemBatcher/`.
    """
    state, environment = place.state, place.environment
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
        found = fill_expressions(found, prefix + field, {"input": place.value}, environment)
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
