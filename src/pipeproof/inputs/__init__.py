"""The inputs: the action's `INPUT_*` variables or the command line's flags become one frozen, typed value.

`parsers` read one text each, `declared` has the inputs, `conflicts` what does not go together, and `reading` makes one
value of them all, with the reasons of all that is wrong in one error.
"""

from pipeproof.inputs.declared import Inputs, declared_inputs, input_name
from pipeproof.inputs.parsers import Install, Shard, artifact_pattern
from pipeproof.inputs.reading import action_values, chosen_variables, read_inputs

__all__ = [
    "Inputs",
    "Install",
    "Shard",
    "action_values",
    "artifact_pattern",
    "chosen_variables",
    "declared_inputs",
    "input_name",
    "read_inputs",
]
