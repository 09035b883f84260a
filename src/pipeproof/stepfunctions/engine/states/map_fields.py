"""The fields of Map states that take a number, a path or an expression, and ItemSelector."""

import re
from collections.abc import Mapping
from typing import Any

from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.engine.run import Frame, Place
from pipeproof.stepfunctions.engine.states.steps import unexpected_type
from pipeproof.stepfunctions.errors import evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions.payload import fill_expressions
from pipeproof.stepfunctions.expressions.templates import fill_template
from pipeproof.stepfunctions.values import dump, is_number, type_name

_DIGITS = re.compile(r"[+-]?\d+")


def given_items(place: Place, effective: Any) -> Any:
    """The value that a Map without an ItemReader goes over: of Items (JSONata), of ItemsPath, or the input itself."""
    raw = place.state.raw
    if not place.state.is_jsonata:
        found = place.query(raw.get("ItemsPath", "$"), effective)
        if isinstance(found, list):
            place.note("afterItemsPath", found)
        return found
    if "Items" not in raw:
        return place.value
    return fill_expressions(raw["Items"], "Items", {"input": place.value}, place)


def not_items(state: State, found: Any) -> Exception:
    """The failure of a Map whose items are no array."""
    if not state.is_jsonata:
        path = state.raw.get("ItemsPath", "$")
        shown = path[1:] if path.startswith("$$") and not state.is_distributed else path
        return runtime_failure(f'Reference path "{shown}" must point to array.')
    if "Items" not in state.raw:
        return evaluation_failure(f"Map state input must be an array but was: {type_name(found)}", "")
    return unexpected_type(state.raw["Items"], "Items", "array", found)


def select_item(place: Place, item: Any, effective: Any, level: Frame) -> Any:
    """Return what an iteration is given: the item, or what ItemSelector (once Parameters) makes of it.

    Args:
        place: The Map's place.
        item: The item.
        effective: The Map's input after InputPath.
        level: The iteration's, whose context object has the item.
    """
    raw = place.state.raw
    if place.state.is_jsonata:
        if "ItemSelector" not in raw:
            return item
        inside = Place(place.state, place.value, level, place.visit)
        return fill_expressions(raw["ItemSelector"], "ItemSelector", {"input": place.value}, inside)
    selector = raw.get("ItemSelector", raw.get("Parameters"))
    if selector is None:
        return item
    return fill_template(selector, effective, Place(place.state, place.value, level, place.visit))


def find_concurrency(place: Place, effective: Any) -> int:
    """MaxConcurrency, in any of its forms; 0 is no limit."""
    found = find_number(place, place.state.raw, "MaxConcurrency", effective)
    if found is not None and found < 0:
        shown = int(found) if found == int(found) else found
        raise out_of_range(
            place, "MaxConcurrency", f"Expected non-negative integer for MaxConcurrency, got '{shown}' instead."
        )
    place.note("maxConcurrency", int(found or 0))
    return int(found or 0)


def out_of_range(place: Place, field: str, cause: str) -> Exception:
    """Return the failure of a number that its field does not take."""
    return evaluation_failure(cause, field) if place.state.is_jsonata else runtime_failure(cause)


def find_number(
    place: Place, raw: Mapping[str, Any], field: str, effective: Any, *, prefix: str = "", whole: bool = True
) -> float | None:
    """Return a number that may be literal, a path's (`…Path`, digits in a string allowed) or an expression's.

    Args:
        place: The Map's place.
        raw: Where the field stands: the state, or a part of it.
        field: The field's name, without Path.
        effective: The Map's input after InputPath.
        prefix: The part's name in messages: `ItemBatcher/`.
        whole: Whether it has to be an integer.

    Raises:
        StateFailure: It is none.
    """
    state = place.state
    if f"{field}Path" in raw:
        found = place.query(raw[f"{field}Path"], effective)
        number = int(found) if isinstance(found, str) and _DIGITS.fullmatch(found) else found
    elif field in raw:
        found = number = raw[field]
        if state.is_jsonata:
            found = number = fill_expressions(found, prefix + field, {"input": place.value}, place)
    else:
        return None
    if not is_number(number) or (whole and number != int(number)):
        raise _wrong(state, raw, field, prefix, found, "integer" if whole else "float")
    return float(number)


def _wrong(state: State, raw: Any, field: str, prefix: str, found: Any, kind: str) -> Exception:
    if f"{field}Path" in raw:
        shown = found if isinstance(found, str) else dump(found)
        return runtime_failure(
            f'The {field}Path field refers to value "{shown}" which is not a valid {kind}: {raw[field + "Path"]}'
        )
    if state.is_jsonata:
        return unexpected_type(raw[field], prefix + field, "number", found)
    return runtime_failure(f'The {field} field has the value "{found}" which is not a valid {kind}')
