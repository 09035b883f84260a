"""Puts values in the place of `${Name}` in a definition, as a template's DefinitionSubstitutions do."""

import json
import re
from collections.abc import Mapping
from typing import Any

from pipeproof.cloudformation import StandIn

_NUMBERS = """
    BackoffRate HeartbeatSeconds IntervalSeconds MaxAttempts MaxConcurrency MaxDelaySeconds MaxInputBytesPerBatch
    MaxItems MaxItemsPerBatch Seconds TimeoutSeconds ToleratedFailureCount ToleratedFailurePercentage
"""
NUMBER_FIELDS = frozenset(_NUMBERS.split())
"""Fields whose values are numbers always."""
_ANY_NUMBER = "|".join(_NUMBERS.split())


def substitute_value(value: Any, substitutions: Mapping[str, Any] | None) -> Any:
    """Puts values in the place of `${Name}` in the texts of a definition that is no text itself."""
    if not substitutions:
        return value
    if isinstance(value, Mapping):
        return {key: substitute_value(item, substitutions) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [substitute_value(item, substitutions) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    if value.startswith("${") and value.endswith("}") and value[2:-1] in substitutions:
        return substitutions[value[2:-1]]
    return substitute(value, substitutions)


def substitute(text: str, substitutions: Mapping[str, Any] | None) -> str:
    """Puts values in the place of `${Name}`, as a template's DefinitionSubstitutions do.

    A stand-in is a number where the definition wants one: where it stands without quotes in JSON, or in a field that is
    always a number.
    """
    is_json = text.lstrip()[:1] == "{"
    for name, value in (substitutions or {}).items():
        written = value if isinstance(value, str) else json.dumps(value)
        place = "${" + name + "}"
        if isinstance(value, StandIn) and not value.isdigit():
            text = re.sub(rf'("?\b(?:{_ANY_NUMBER})"?\s*:\s*){re.escape(place)}', r"\g<1>1", text)
            if is_json:
                text = re.sub(rf"(?<=[:\[,])(\s*){re.escape(place)}(?=\s*[,}}\]\n])", r"\g<1>1", text)
        text = text.replace(place, written)
    return text
