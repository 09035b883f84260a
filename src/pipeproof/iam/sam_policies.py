"""SAM's policy templates (`S3ReadPolicy: {BucketName: …}`).

The table is `sam_policies.json`, which `tools/derive_facts.py` makes of the package `aws-sam-translator`, AWS's own.
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pipeproof.errors import Location
from pipeproof.iam.documents import Document
from pipeproof.iam.errors import PolicyError
from pipeproof.text import closest

_PARAMETER = re.compile(r"\$\{(\w+)\}")


def policy_template(
    name: str, parameters: Mapping[str, Any], resolve: Callable[[Any], Any], at: Location | None
) -> Document:
    """What SAM makes of its template `name`; raises [PolicyError][] where SAM has none or a parameter is missing."""
    rules = _table().get(name)
    if rules is None:
        near = closest(name, _table())
        hint = f"Did you mean {near}?" if near else None
        raise PolicyError(f"SAM has no policy template {name!r}", hint=hint, location=at)

    def fill(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: fill(item) for key, item in value.items()}
        return _filled(name, str(value), parameters, resolve, at)

    statements = []
    for actions, resources, *condition in rules:
        statement = {"Effect": "Allow", "Action": actions.split(" "), "Resource": [fill(item) for item in resources]}
        statements.append({**statement, "Condition": fill(condition[0])} if condition else statement)
    return Document({"Version": "2012-10-17", "Statement": statements}, name, at, generated=True)


def _filled(
    name: str, pattern: str, parameters: Mapping[str, Any], resolve: Callable[[Any], Any], at: Location | None
) -> str:
    for parameter, value in parameters.items():
        pattern = pattern.replace("${" + parameter + "}", str(value))
    missing = _PARAMETER.search(pattern)
    if missing:
        raise PolicyError(f"{name} needs the parameter {missing[1]}", location=at)
    return str(resolve({"Fn::Sub": pattern}))


@cache
def _table() -> Mapping[str, list[list[Any]]]:
    text = files("pipeproof.iam").joinpath("sam_policies.json").read_text(encoding="utf-8")
    found: Mapping[str, list[list[Any]]] = json.loads(text)
    return found
