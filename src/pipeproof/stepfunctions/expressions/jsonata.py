"""JSONata as Step Functions speaks it, on the `jsonata-python` package.

Variables are bound as a frame and never spliced into the expression's text. The functions that AWS adds ($partition,
$range, $hash, $random, $uuid, $parse) are there, those it takes away ($eval) are not, and the clock is the execution's
virtual one. This is the one module that touches the package's inner classes (Jsonata, JFunction, Utils, Functions).
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from pipeproof.environments.installed import is_installed, not_installed
from pipeproof.errors import SetupError
from pipeproof.stepfunctions.values import MISSING, dump, tidy_number

_HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_RANGE_LIMIT = 1_000_000


class JsonataSyntaxError(ValueError):
    """An expression that does not parse."""


class JsonataError(ValueError):
    """An expression that failed when it ran; the text is the code and message (`T1006: Attempted to ...`)."""


def is_expression(text: str) -> bool:
    """Whether a string of a definition is a JSONata expression: `{% ... %}`, from its first character to its last."""
    return text.startswith("{%") and text.endswith("%}") and len(text) >= 4


def inner(text: str) -> str:
    """The expression between the marks."""
    return text[2:-2].strip()


@dataclass(frozen=True, slots=True)
class World:
    """What is not a value: the time and chance.

    Attributes:
        millis: The virtual time, milliseconds since 1970.
        random: The execution's source of randomness.
    """

    millis: int
    random: Random


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Any:
    """Parses an expression (without its marks).

    Raises:
        JsonataSyntaxError: It does not parse.
        SetupError: The package for JSONata is not installed.
    """
    if not is_installed("jsonata"):
        raise SetupError(not_installed("JSONata's interpreter", "aws", "jsonata-python"))
    from jsonata.jexception import JException  # type: ignore[import-untyped]
    from jsonata.jsonata import Jsonata  # type: ignore[import-untyped]

    try:
        compiled = Jsonata(text)
    except JException as error:
        raise JsonataSyntaxError(_message(error)) from error
    except Exception as error:
        raise JsonataSyntaxError(str(error) or type(error).__name__) from error
    compiled.set_validate_input(False)
    compiled.set_output_convert_nulls(False)
    return compiled


def evaluate(text: str, variables: Mapping[str, Any], world: World) -> Any:
    """Evaluates an expression (without its marks).

    Args:
        text: The expression.
        variables: By name without `$`; `states` among them.
        world: Time and chance.

    Returns:
        A JSON value, or MISSING where the expression gives nothing (undefined).

    Raises:
        JsonataError: It failed, or gives what JSON has no form for.
        JsonataSyntaxError: It does not parse.
    """
    compiled = compile_expression(text)
    from jsonata.jexception import JException
    from jsonata.utils import Utils  # type: ignore[import-untyped]

    frame = {name: Utils.NULL_VALUE if value is None else value for name, value in variables.items()}
    frame.update(_functions(world))
    try:
        result = compiled.evaluate(None, frame)
    except JException as error:
        raise JsonataError(_message(error)) from error
    except RecursionError as error:
        raise JsonataError("U1001: Stack overflow error: the expression recurses too deeply") from error
    except Exception as error:
        raise JsonataError(str(error) or type(error).__name__) from error
    return MISSING if result is None else _plain(result, Utils.NULL_VALUE)


def _message(error: Any) -> str:
    code = getattr(error, "error", None)
    text = str(error)
    return f"{code}: {text}" if code and not text.startswith(str(code)) else text


def _plain(value: Any, null: Any) -> Any:
    """A JSON value from one of the package's: lists and numbers made plain, null made None."""
    if value is null or value is None:
        return None
    if isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return tidy_number(value)
    if isinstance(value, dict):
        return {str(key): _plain(item, null) for key, item in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [_plain(item, null) for item in value]
    raise JsonataError(f"the result is a {type(value).__name__.lower()}, which JSON has no form for")


def _functions(world: World) -> dict[str, Any]:
    """AWS's functions and those that depend on time or chance, as the package wants them bound."""
    from jsonata.jsonata import Jsonata

    def shuffle(array: Any) -> Any:
        return world.random.sample(array, len(array)) if isinstance(array, list) else array

    natives = {
        "partition": _partition,
        "range": _range,
        "hash": _hash,
        "parse": _parse,
        "shuffle": shuffle,
        "uuid": lambda: str(uuid.UUID(int=world.random.getrandbits(128), version=4)),
        "random": lambda seed=None: (world.random if seed is None else Random(seed)).random(),  # noqa: S311
        "millis": lambda: world.millis,
        "now": lambda picture=None, zone=None: _now(world.millis, picture, zone),
    }
    bound: dict[str, Any] = {name: Jsonata.JLambda(call) for name, call in natives.items()}
    bound["eval"] = None
    return bound


def _now(millis: int, picture: str | None, zone: str | None) -> Any:
    from jsonata.functions import Functions  # type: ignore[import-untyped]

    return Functions.datetime_from_millis(millis, picture, zone)


def _partition(array: Any, size: Any) -> Any:
    if array is None:
        return None
    step = int(size)
    if step < 1:
        raise JsonataError("$partition(): the size must be positive")
    items = array if isinstance(array, list) else [array]
    return [list(items[index : index + step]) for index in range(0, len(items), step)]


def _range(first: Any, last: Any, step: Any) -> Any:
    if step == 0:
        raise JsonataError("$range(): the step must not be 0")
    numbers: list[Any] = []
    value = first
    while (value <= last) if step > 0 else (value >= last):
        numbers.append(value)
        value += step
        if len(numbers) > _RANGE_LIMIT:
            raise JsonataError("$range(): too many values")
    return numbers


def _hash(text: Any, algorithm: Any) -> Any:
    if algorithm not in _HASHES:
        raise JsonataError(f"$hash(): the algorithm must be one of {', '.join(_HASHES)}")
    content = text if isinstance(text, str) else dump(text)
    return hashlib.new(_HASHES[algorithm], content.encode(), usedforsecurity=False).hexdigest()


def _parse(text: Any) -> Any:
    from jsonata.utils import Utils

    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, TypeError) as error:
        raise JsonataError(f"$parse(): the text is not valid JSON ({error})") from error
    return Utils.NULL_VALUE if value is None else value
