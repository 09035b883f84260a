"""The built-in functions, and the table of them.

Each takes exactly the parameters of its signature; what is not given is MISSING. Names, signatures and the numbers of
parameters (which decide what higher-order functions hand them) are those of the reference.
"""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.callables import Native
from pipeproof.stepfunctions.expressions.jsonata.functions import (
    collections,
    date_parsing,
    date_pictures,
    higher_order,
    integer_pictures,
    matching,
    number_pictures,
    numbers,
    strings,
)
from pipeproof.stepfunctions.expressions.jsonata.signatures import parse_signature
from pipeproof.stepfunctions.expressions.jsonata.transforms import clone
from pipeproof.stepfunctions.values import MISSING

_PLAIN: dict[str, tuple[Callable[..., Any], str, int]] = {
    "sum": (numbers.sum_, "<a<n>:n>", 1),
    "count": (numbers.count, "<a:n>", 1),
    "max": (numbers.max_, "<a<n>:n>", 1),
    "min": (numbers.min_, "<a<n>:n>", 1),
    "average": (numbers.average, "<a<n>:n>", 1),
    "string": (strings.string, "<x-b?:s>", 1),
    "substring": (strings.substring, "<s-nn?:s>", 3),
    "substringBefore": (strings.substring_before, "<s-s:s>", 2),
    "substringAfter": (strings.substring_after, "<s-s:s>", 2),
    "lowercase": (strings.lowercase, "<s-:s>", 1),
    "uppercase": (strings.uppercase, "<s-:s>", 1),
    "length": (strings.length, "<s-:n>", 1),
    "trim": (strings.trim, "<s-:s>", 1),
    "pad": (strings.pad, "<s-ns?:s>", 3),
    "join": (strings.join, "<a<s>s?:s>", 2),
    "formatNumber": (number_pictures.format_number, "<n-so?:s>", 3),
    "formatBase": (numbers.format_base, "<n-n?:s>", 2),
    "formatInteger": (integer_pictures.format_integer, "<n-s:s>", 2),
    "parseInteger": (integer_pictures.parse_integer, "<s-s:n>", 2),
    "number": (numbers.number, "<(nsb)-:n>", 1),
    "floor": (numbers.floor_, "<n-:n>", 1),
    "ceil": (numbers.ceil, "<n-:n>", 1),
    "round": (numbers.round_, "<n-n?:n>", 2),
    "abs": (numbers.absolute, "<n-:n>", 1),
    "sqrt": (numbers.sqrt, "<n-:n>", 1),
    "power": (numbers.power, "<n-n:n>", 2),
    "boolean": (collections.boolean, "<x-:b>", 1),
    "not": (collections.not_, "<x-:b>", 1),
    "zip": (collections.zip_, "<a+>", 0),
    "keys": (collections.keys, "<x-:a<s>>", 1),
    "lookup": (collections.lookup, "<x-s:x>", 2),
    "append": (collections.append_, "<xx:a>", 2),
    "exists": (collections.exists, "<x:b>", 1),
    "spread": (collections.spread, "<x-:a<o>>", 1),
    "merge": (collections.merge, "<a<o>:o>", 1),
    "reverse": (collections.reverse, "<a:a>", 1),
    "error": (collections.error, "<s?:x>", 1),
    "assert": (collections.assert_, "<bs?:x>", 2),
    "type": (collections.type_, "<x:s>", 1),
    "distinct": (collections.distinct, "<x:x>", 1),
    "base64encode": (strings.base64_encode, "<s-:s>", 1),
    "base64decode": (strings.base64_decode, "<s-:s>", 1),
    "encodeUrlComponent": (strings.encode_url_component, "<s-:s>", 1),
    "encodeUrl": (strings.encode_url, "<s-:s>", 1),
    "decodeUrlComponent": (strings.decode_url_component, "<s-:s>", 1),
    "decodeUrl": (strings.decode_url, "<s-:s>", 1),
    "fromMillis": (date_pictures.from_millis, "<n-s?s?:s>", 3),
    "clone": (lambda value: value if value is MISSING else clone(value), "<(oa)-:o>", 1),
}
_CONTEXTUAL: dict[str, tuple[Callable[..., Any], str, int]] = {
    "match": (matching.match, "<s-f<s:o>n?:a<o>>", 3),
    "contains": (matching.contains, "<s-(sf):b>", 2),
    "replace": (matching.replace, "<s-(sf)(sf)n?:s>", 4),
    "split": (matching.split, "<s-(sf)n?:a<s>>", 3),
    "map": (higher_order.map_, "<af>", 2),
    "filter": (higher_order.filter_, "<af>", 2),
    "single": (higher_order.single, "<af?>", 2),
    "reduce": (higher_order.reduce, "<afj?:j>", 3),
    "sift": (higher_order.sift, "<o-f?:o>", 2),
    "each": (higher_order.each, "<o-f:a>", 2),
    "sort": (higher_order.sort, "<af?:a>", 2),
    "shuffle": (higher_order.shuffle, "<a:a>", 1),
    "toMillis": (date_parsing.to_millis, "<s-s?:n>", 2),
    "millis": (higher_order.millis, "<:n>", 0),
    "now": (
        lambda call, picture, zone: date_pictures.from_millis(call.run.world.millis, picture, zone),
        "<s?s?:s>",
        2,
    ),
}


def natives(table: dict[str, tuple[Callable[..., Any], str, int]], contextual: bool) -> dict[str, Native]:
    """Return the functions of a table, ready to be called."""
    return {
        name: Native(implementation, parse_signature(signature), arity, contextual)
        for name, (implementation, signature, arity) in table.items()
    }


BUILT_IN: dict[str, Native] = {**natives(_PLAIN, False), **natives(_CONTEXTUAL, True)}
"""JSONata's own functions by name, without `$eval` and `$random`."""
