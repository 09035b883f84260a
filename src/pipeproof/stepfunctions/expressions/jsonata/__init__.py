"""JSONata as Step Functions speaks it: the language of the reference implementation 2.0.6, AWS's functions and limits.

`lexer` and `parser` read an expression, `shaping` makes the tree that `compiler` and `paths` turn into closures,
`functions` holds what is built in, `additions` what AWS adds. Variables are bound, never spliced into the text; time
and chance are the execution's; `$eval` does not exist.
"""

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, JsonataSyntaxError, ResultTypeError
from pipeproof.stepfunctions.expressions.jsonata.evaluation import compile_expression, evaluate, parse
from pipeproof.stepfunctions.expressions.jsonata.marks import inner, is_expression
from pipeproof.stepfunctions.expressions.jsonata.running import World

__all__ = [
    "JsonataError",
    "JsonataSyntaxError",
    "ResultTypeError",
    "World",
    "compile_expression",
    "evaluate",
    "inner",
    "is_expression",
    "parse",
]
