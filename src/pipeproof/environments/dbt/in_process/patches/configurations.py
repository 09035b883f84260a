"""The project's and the profile's settings, read and checked once for the same variables and environment."""

import copy
import json
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from pipeproof import environ
from pipeproof.variables import DBT_SCHEMA

KEPT = 8
"""How many configurations are kept: one for each set of variables and environment that the tests of a run have."""

_PASSING = {DBT_SCHEMA, "PYTEST_CURRENT_TEST"}
"""Variables of the environment that change from test to test, and that no project depends on."""

_TARGET = re.compile(r"\btarget\s*(?:\[|\||\.\s*(?!(?:name|type|profile_name|threads|database)\b))")
"""A look at the target, save for what is the same in all tests."""

_memory: dict[str, dict[str, Any]] = {}


def move_credentials(held: Any, before: str, after: str) -> Any:
    """Credentials with one schema's name in place of another's."""

    def move(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace(before, after)
        if isinstance(value, dict):
            return {key: move(item) for key, item in value.items()}
        return [move(item) for item in value] if isinstance(value, list) else value

    values = {each.name: getattr(held, each.name) for each in fields(held) if each.init}
    return held.replace(**{name: moved for name, value in values.items() if (moved := move(value)) != value})


def keep_profile(load: Callable[..., Any], schema: str) -> Callable[..., Any]:
    """The profile as it was read before, with the schema of this test."""

    def load_profile(*arguments: Any) -> Any:
        from dbt.flags import get_flags

        flags = get_flags()  # type: ignore[no-untyped-call]
        kept = _kept(arguments[0], getattr(flags, "PROFILES_DIR", None), arguments[1:])
        if "profile" not in kept:
            kept["profile"], kept["schema"] = load(*arguments), schema
        profile = copy.copy(kept["profile"])
        profile.credentials = move_credentials(profile.credentials, kept["schema"], schema)
        profile.pipeproof_kept = kept
        return profile

    return load_profile


def keep_project(load: Callable[..., Any]) -> Callable[..., Any]:
    """The project's settings as they were read before, unless the schema, which changes, has a part in them."""

    def load_project(folder: str, check: bool, profile: Any, *arguments: Any, **options: Any) -> Any:
        kept = getattr(profile, "pipeproof_kept", {})
        if "project" not in kept:
            project = load(folder, check, profile, *arguments, **options)
            if _uses_schema(Path(folder), project.packages_install_path):
                return project
            kept["project"] = project
        return kept["project"]

    return load_project


def _uses_schema(folder: Path, packages: str) -> bool:
    files = [*folder.glob("*.yml"), *folder.glob(f"{packages}/*/dbt_project.yml")]
    return any(_TARGET.search(file.read_text(encoding="utf-8", errors="replace")) for file in files)


def keep_configuration(make: Callable[..., Any]) -> Callable[..., Any]:
    """Return the configuration that was made of the same project before, with this invocation's profile and flags."""

    def from_parts(project: Any, profile: Any, args: Any, *more: Any) -> Any:
        kept = getattr(profile, "pipeproof_kept", {})
        if kept.get("project") is not project:
            return make(project, profile, args, *more)
        if "configuration" not in kept:
            kept["configuration"] = make(project, profile, args, *more)
            kept["configuration"].load_dependencies()
        configuration = copy.copy(kept["configuration"])
        configuration.credentials, configuration.args = profile.credentials, args
        return configuration

    return from_parts


def _kept(*key: Any) -> dict[str, Any]:
    """Return what is kept for the same settings and the same environment."""
    environment = {name: value for name, value in environ.everything().items() if name not in _PASSING}
    text = json.dumps([key, environment], sort_keys=True, default=str)
    while text not in _memory and len(_memory) >= KEPT:
        del _memory[next(iter(_memory))]
    return _memory.setdefault(text, {})
