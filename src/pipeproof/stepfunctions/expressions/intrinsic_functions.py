"""What each intrinsic function does. Each takes the source of randomness first, then its arguments.

A ValueError says why the arguments do not fit; the caller makes States.IntrinsicFailure of it.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from pipeproof.stepfunctions.values import dump, equal, is_number, random_uuid

_PIECE = re.compile(r"\\([{}\\])|\{\}|[^\\{]+|.", re.DOTALL)
_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_ARRAY_LIMIT = 1000
_TEXT_LIMIT = 10_000


def _integer(value: Any, what: str) -> int:
    if type(value) is int:
        return value
    if not is_number(value):
        raise ValueError(f"{what} must be a number")
    whole: int = math.floor(value)
    return whole + 1 if value - whole >= 0.5 else whole  # the service rounds to the nearest integer, halves upwards


def _array(value: Any, what: str = "the first argument") -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{what} must be an array")
    return value


def _text(value: Any, what: str = "the first argument") -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} must be a string")
    return value


def java_text(value: Any) -> str:
    """Return how Java prints a value, which is what States.Format inserts: `{Arg1=1, Arg2=[]}`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case list():
            return "[" + ", ".join(java_text(item) for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{key}={java_text(item)}" for key, item in value.items()) + "}"
        case float():
            return _java_float(value)
        case _:
            return str(value)


def _java_float(value: float) -> str:
    """A number with a fraction as Java's Double.toString has it: an exponent below 0.001 and from ten million on."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    digits, exponent = f"{value:.17e}".split("e")
    for precision in range(17):
        written = f"{value:.{precision}e}"
        if float(written) == value:
            digits, exponent = written.split("e")
            break
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


class Literal(str):
    """A string of a definition: its text, and the pieces between its `{}` (an escaped brace is no such place)."""

    pieces: tuple[str, ...]

    def __new__(cls, text: str, pieces: Iterable[str]) -> "Literal":
        """Return the text, and its pieces."""
        made = super().__new__(cls, text)
        made.pieces = tuple(pieces)
        return made


def _format(_: Random, template: Any, *values: Any) -> str:
    pieces = template.pieces if isinstance(template, Literal) else _pieces(_text(template))
    if len(values) != len(pieces) - 1:
        raise ValueError(f"the template has {len(pieces) - 1} {{}} for {len(values)} arguments")
    return pieces[0] + "".join(java_text(value) + piece for value, piece in zip(values, pieces[1:], strict=True))


def _pieces(template: str) -> list[str]:
    """Return the pieces between the `{}` of a template that the input gives, where a backslash escapes a brace too."""
    pieces = [""]
    for found in _PIECE.finditer(template):
        if found.group() == "{}":
            pieces.append("")
        else:
            pieces[-1] += found.group(1) or found.group()
    return pieces


def _string_to_json(_: Random, text: Any) -> Any:
    if text is None or (isinstance(text, str) and not text.strip()):
        return None
    try:
        return json.loads(_text(text), parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"the text is not valid JSON ({error})") from error


def _no_constant(word: str) -> Any:
    raise ValueError(f"the text is not valid JSON ({word} is not a value of it)")


def _json_to_string(_: Random, value: Any) -> str:
    return dump(value)


def _make_array(_: Random, *values: Any) -> list[Any]:
    return list(values)


def _array_partition(_: Random, array: Any, size: Any) -> list[Any]:
    items, step = _array(array), _integer(size, "the chunk's size")
    if step < 1:
        raise ValueError("the chunk's size must be positive")
    return [items[index : index + step] for index in range(0, len(items), step)]


def _array_contains(_: Random, array: Any, value: Any) -> bool:
    return any(equal(item, value) for item in _array(array))


def _array_range(_: Random, first: Any, last: Any, step: Any) -> list[int]:
    start, stop, increment = _integer(first, "the start"), _integer(last, "the end"), _integer(step, "the step")
    if increment == 0:
        raise ValueError("the step must not be 0")
    numbers = range(start, stop + (1 if increment > 0 else -1), increment)
    if len(numbers) > _ARRAY_LIMIT:
        raise ValueError(f"the array would have more than {_ARRAY_LIMIT} items")
    return list(numbers)


def _array_get_item(_: Random, array: Any, index: Any) -> Any:
    items, position = _array(array), _integer(index, "the index")
    if not 0 <= position < len(items):
        raise ValueError(f"the index {position} is outside of the array")
    return items[position]


def _array_length(_: Random, array: Any) -> int:
    return len(_array(array))


def _array_unique(_: Random, array: Any) -> list[Any]:
    unique: list[Any] = []
    seen: set[str] = set()
    for item in _array(array):
        key = json.dumps(item, sort_keys=True)
        if key not in seen:
            seen.add(key)
            unique.append(item)
    return unique


def _base64_encode(_: Random, text: Any) -> str:
    if len(_text(text)) > _TEXT_LIMIT:
        raise ValueError(f"the text has more than {_TEXT_LIMIT} characters")
    return base64.b64encode(text.encode()).decode()


def _base64_decode(_: Random, text: Any) -> str:
    if len(_text(text)) > _TEXT_LIMIT:
        raise ValueError(f"the text has more than {_TEXT_LIMIT} characters")
    return base64.b64decode(text, validate=True).decode()


def _hash(_: Random, value: Any, algorithm: Any) -> str:
    if algorithm not in _HASHES:
        raise ValueError(f"the algorithm must be one of {', '.join(_HASHES)}")
    text = value if isinstance(value, str) else dump(value)
    if len(text) > _TEXT_LIMIT:
        raise ValueError(f"the text has more than {_TEXT_LIMIT} characters")
    return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def _json_merge(_: Random, left: Any, right: Any, deep: Any) -> dict[str, Any]:
    if not isinstance(left, dict) or not isinstance(right, dict):
        raise ValueError("the first two arguments must be objects")
    if deep is not False:
        raise ValueError("only shallow merging is available: the third argument must be false")
    return {**left, **right}


def _math_random(random: Random, first: Any, last: Any, seed: Any = None) -> int:
    start, stop = _integer(first, "the start"), _integer(last, "the end")
    if start >= stop:
        raise ValueError("the start must be less than the end")
    source = random if seed is None else Random(_integer(seed, "the seed"))  # noqa: S311 - no cryptography
    return source.randrange(start, stop)


def _math_add(_: Random, left: Any, right: Any) -> int:
    total = _integer(left, "the first argument") + _integer(right, "the second argument")
    if not -(2**31) <= total < 2**31:
        raise ValueError("the sum is outside of -2147483648 to 2147483647")
    return total


def _string_split(_: Random, text: Any, separators: Any) -> list[str]:
    if not _text(separators, "the second argument"):
        return [_text(text)]
    return [part for part in re.split(f"[{re.escape(separators)}]", _text(text)) if part]


def _uuid(random: Random) -> str:
    return random_uuid(random)


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "Format": (_format, 1, 10_000),
    "StringToJson": (_string_to_json, 1, 1),
    "JsonToString": (_json_to_string, 1, 1),
    "Array": (_make_array, 0, 10_000),
    "ArrayPartition": (_array_partition, 2, 2),
    "ArrayContains": (_array_contains, 2, 2),
    "ArrayRange": (_array_range, 3, 3),
    "ArrayGetItem": (_array_get_item, 2, 2),
    "ArrayLength": (_array_length, 1, 1),
    "ArrayUnique": (_array_unique, 1, 1),
    "Base64Encode": (_base64_encode, 1, 1),
    "Base64Decode": (_base64_decode, 1, 1),
    "Hash": (_hash, 2, 2),
    "JsonMerge": (_json_merge, 3, 3),
    "MathRandom": (_math_random, 2, 3),
    "MathAdd": (_math_add, 2, 2),
    "StringSplit": (_string_split, 2, 2),
    "UUID": (_uuid, 0, 0),
}
"""Name → function, fewest and most arguments."""
