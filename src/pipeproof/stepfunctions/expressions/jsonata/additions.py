"""The functions that Step Functions adds to JSONata, and `$random`, which it gives a seed.

AWS: "JSONata functions provided by Step Functions"; numbers that have to be whole lose their fraction. What the page
leaves open was measured on the service by others: nothing comes of a chunk of 0, of an empty list, of a range without
or against its step.
"""

import hashlib
import json
import math
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.callables import Call, Native
from pipeproof.stepfunctions.expressions.jsonata.errors import MEMORY, JsonataError
from pipeproof.stepfunctions.expressions.jsonata.functions import natives
from pipeproof.stepfunctions.expressions.jsonata.values import Array
from pipeproof.stepfunctions.values import MISSING, random_uuid

_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
RANGE_LIMIT = 360_145
"""How many numbers the service's `$range` can make before it runs out of memory."""


def partition(items: Any, size: Any) -> Any:
    """Chunks of a list; without a size the whole list is one.

    Raises:
        JsonataError: T0412, it is no list; D3137, a negative size.
    """
    if items is MISSING:
        return MISSING
    if not isinstance(items, list):
        raise JsonataError("T0412", index=1, type=MISSING)
    step = len(items) if size is MISSING else math.trunc(size)
    if step < 0:
        raise JsonataError("D3137", "Second argument must be zero or greater")
    if step == 0 or not items:
        return MISSING
    return Array(list(items[index : index + step]) for index in range(0, len(items), step))


def range_(first: Any, last: Any, step: Any) -> Any:
    """Return the numbers from first to last; one number alone is that number.

    Raises:
        JsonataError: There are too many.
    """
    if MISSING in (first, last, step):
        return MISSING
    start, end, by = math.trunc(first), math.trunc(last), math.trunc(step)
    if by == 0:
        return MISSING
    numbers = range(start, end + (1 if by > 0 else -1), by)
    if len(numbers) > RANGE_LIMIT:
        raise JsonataError(None, MEMORY)
    return Array(numbers, sequence=True)


def hash_(text: Any, algorithm: Any) -> Any:
    """Return the hash of a text in hexadecimal digits.

    Raises:
        JsonataError: D3137, another algorithm.
    """
    if text is MISSING or algorithm is MISSING:
        return MISSING
    if algorithm not in _HASHES:
        raise JsonataError("D3137", f"Second argument must be one of {', '.join(_HASHES)}")
    return hashlib.new(_HASHES[algorithm], text.encode(), usedforsecurity=False).hexdigest()


def parse(text: Any) -> Any:
    """Return the value of a JSON text.

    Raises:
        JsonataError: D3137, it is none, or has a name twice.
    """
    if text is MISSING:
        return MISSING
    try:
        return json.loads(text, object_pairs_hook=_fields, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise JsonataError("D3137", f"The argument of the parse function must be valid JSON: {error}") from error


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("an object has a name twice")
    return fields


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def random(call: Call, seed: Any) -> Any:
    """Return a number from 0 up to 1; with a seed the one that java.util.Random gives first, as on the service."""
    return call.run.world.random.random() if seed is MISSING else seeded(math.trunc(seed))


def seeded(seed: int) -> float:
    """Return the first double of Java's linear congruential generator."""
    state = (seed ^ 0x5DEECE66D) & (2**48 - 1)
    bits = []
    for size in (26, 27):
        state = (state * 0x5DEECE66D + 0xB) & (2**48 - 1)
        bits.append(state >> (48 - size))
    return ((bits[0] << 27) + bits[1]) / (1 << 53)


def new_uuid(call: Call) -> Any:
    """Return a UUID of version 4."""
    return random_uuid(call.run.world.random)


ADDED: dict[str, Native] = {
    **natives(
        {
            "partition": (partition, "<xn?:a<a>>", 2),
            "range": (range_, "<nnn?:a<n>>", 3),
            "hash": (hash_, "<ss?:s>", 2),
            "parse": (parse, "<s?:x>", 1),
        },
        contextual=False,
    ),
    **natives({"random": (random, "<n?:n>", 1), "uuid": (new_uuid, "<:s>", 0)}, contextual=True),
}
"""By name."""
