"""The values of JSONata beside those of JSON, and how they compare.

Numbers are ints and floats that stand for JavaScript's one kind of number; what is not there is MISSING, JSON's null is
None. Objects from outside are plain dicts and lists and never changed.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError
from pipeproof.stepfunctions.values import MISSING

SAFE = 2**53


class Array(list[Any]):
    """A list that the language made.

    Attributes:
        sequence: What a path or a function found: of one item it is that item, of none it is nothing.
        keep: A sequence that stays a list with one item too (`[]` stands after it).
        cons: What `[...]` made, which a path does not flatten.
        tuples: Its items are bindings of `@`, `#` and `%`, one dict each, the value at `@`.
    """

    __slots__ = ("cons", "keep", "sequence", "tuples")

    def __init__(self, items: Iterable[Any] = (), *, sequence: bool = False) -> None:
        super().__init__(items)
        self.sequence = sequence
        self.keep = False
        self.cons = False
        self.tuples = False


def sequence(*items: Any) -> Array:
    """Return a sequence of the items."""
    return Array(items, sequence=True)


def is_sequence(value: Any) -> bool:
    """Return whether the value is what a path or a function found."""
    return isinstance(value, Array) and value.sequence


class Function:
    """Anything that can be called.

    Attributes:
        arity: How many arguments it looks at; decides what `$map` and its like hand on.
    """

    __slots__ = ("arity",)

    def __init__(self, arity: int) -> None:
        self.arity = arity


def is_number(value: Any) -> bool:
    """Return whether the value is a number that can be counted with.

    Raises:
        JsonataError: D1001, it is infinite.
    """
    kind = type(value)
    if kind is int:
        return True
    if kind is not float or value != value:
        return False
    if value in (math.inf, -math.inf):
        raise JsonataError("D1001", value=value)
    return True


def is_any_number(value: Any) -> bool:
    """Return whether the value is of the type number, infinity and NaN among them."""
    kind = type(value)
    return kind is int or kind is float


def are_numbers(value: Any) -> bool:
    """Return whether the value is a list of numbers only."""
    return isinstance(value, list) and all(map(is_number, value))


def are_texts(value: Any) -> bool:
    """Return whether the value is a list of strings only."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def double(value: int | float) -> int | float:
    """Return an int that JavaScript's numbers cannot hold is made the nearest one that they can."""
    if type(value) is int and not -SAFE <= value <= SAFE:
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    return value


def whole(value: Any) -> bool:
    """Return whether the value is a number without a fraction."""
    return type(value) is int or (type(value) is float and value.is_integer())


def floor(value: int | float) -> int | float:
    """Return the next whole number down; infinity and NaN stay, and so does what has no fraction."""
    return value if not math.isfinite(value) or abs(value) >= SAFE else math.floor(value)


def truth(value: Any) -> bool:
    """$boolean: what a condition makes of the value; nothing is false.

    Raises:
        JsonataError: D1001, an infinite number.
    """
    if value is True or value is False:
        return bool(value)
    if value is MISSING or value is None or isinstance(value, Function):
        return False
    if isinstance(value, list):
        return truth(value[0]) if len(value) == 1 else len([item for item in value if truth(item)]) > 0
    if type(value) is float:
        return is_number(value) and value != 0
    return bool(value)


def script_truth(value: Any) -> bool:
    """What JavaScript itself makes of the value, as a comparator of `$sort` is read: every list and object is true."""
    if isinstance(value, (list, dict, Function)):
        return True
    return value is not MISSING and value == value and bool(value)


def equal(left: Any, right: Any) -> bool:
    """Return whether two values are the same, in depth; functions only with themselves."""
    if left is right:
        return not (type(left) is float and left != left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(item, right[key]) for key, item in left.items())
    return same(left, right)


def same(left: Any, right: Any) -> bool:
    """Return whether two values are identical: scalars by type and value, all else only with itself."""
    if type(left) is type(right) or (is_any_number(left) and is_any_number(right)):
        return bool(left == right) if isinstance(left, (str, int, float)) else left is right
    return False


def units(text: str) -> str:
    """The text as JavaScript counts it: one character for each UTF-16 unit. Most texts are that already."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    raw = text.encode("utf-16-be", "surrogatepass")
    return "".join(chr(raw[index] << 8 | raw[index + 1]) for index in range(0, len(raw), 2))


def joined(text: str) -> str:
    """Return the text with pairs of UTF-16 units put together again."""
    if text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def less(left: Any, right: Any) -> bool:
    """Return whether one number or string comes before another; strings by their UTF-16 units."""
    if isinstance(left, str) and not (left.isascii() and right.isascii()):
        return units(left) < units(right)
    return bool(left < right)


def keys(value: Mapping[str, Any]) -> list[str]:
    """Return the names of an object in JavaScript's order: whole numbers first, ascending, then as they were put in."""
    names = list(value)
    if not any(name and name[0] in "0123456789" for name in names):
        return names
    counted = sorted((name for name in names if _is_index(name)), key=int)
    return counted + [name for name in names if not _is_index(name)] if counted else names


def _is_index(name: str) -> bool:
    return name.isascii() and name.isdigit() and (name == "0" or name[0] != "0") and int(name) < 2**32 - 1


def settle(result: Any, keep: bool = False) -> Any:
    """Return a sequence of one item as that item, of none as nothing; all else as it is."""
    if type(result) is Array and result.sequence and not result.tuples:
        if keep:
            result.keep = True
        if not result:
            return MISSING
        if len(result) == 1 and not result.keep:
            return result[0]
    return result


def append(one: Any, other: Any) -> Any:
    """$append: both in one list; nothing adds nothing."""
    if one is MISSING:
        return other
    if other is MISSING:
        return one
    head = one if isinstance(one, list) else [one]
    return Array([*head, *(other if isinstance(other, list) else [other])])


def lookup(value: Any, name: str) -> Any:
    """Return the field of an object, or of each object in a list."""
    if isinstance(value, dict):
        return value.get(name, MISSING)
    if not isinstance(value, list):
        return MISSING
    found = sequence()
    for item in value:
        got = item.get(name, MISSING) if isinstance(item, dict) else lookup(item, name)
        if isinstance(got, list):
            found.extend(got)
        elif got is not MISSING:
            found.append(got)
    return found


def merge_sort(items: list[Any], after: Callable[[Any, Any], bool]) -> list[Any]:
    """Sorted with a comparator that says whether one item comes after another, asked in the reference's order."""
    if len(items) <= 1:
        return items
    middle = len(items) // 2
    left, right = merge_sort(items[:middle], after), merge_sort(items[middle:], after)
    merged: list[Any] = []
    one = other = 0
    while one < len(left) and other < len(right):
        if after(left[one], right[other]):
            merged.append(right[other])
            other += 1
        else:
            merged.append(left[one])
            one += 1
    return [*merged, *left[one:], *right[other:]]
