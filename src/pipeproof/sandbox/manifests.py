"""What Pipenv, Poetry and uv write down of a project's requirements, as far as it is read here."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pipeproof.errors import SetupError

_OF_AN_INDEX = {"name", "specifier", "extras", "marker"}
"""What a requirement has in `uv.lock` whose version is an index's, not of a `tool.uv.sources`."""

_LEAVE = "Or set `install`: arguments of `uv pip install`."


def read_pipfile_lock(text: str) -> tuple[str, ...]:
    """Return the requirements of a `Pipfile.lock`, those for development too.

    Raises:
        SetupError: It cannot be read, or has a requirement that is no package of an index.
    """
    try:
        lock = json.loads(text)
        sections = [lock.get("default", {}), lock.get("develop", {})]
        found = {name: entry for section in sections for name, entry in section.items()}
        return tuple(_pipenv_line(name, entry) for name, entry in found.items())
    except (ValueError, AttributeError, TypeError) as error:
        hint = f"Run `pipenv lock` and commit the result. {_LEAVE}"
        raise SetupError(f"Pipfile.lock cannot be read: {error}", hint=hint) from error


def _pipenv_line(name: str, entry: Mapping[str, Any]) -> str:
    version = entry.get("version")
    if not version:
        where = next((key for key in ("git", "path", "file") if key in entry), "something else than an index")
        raise SetupError(
            f"Pipfile.lock takes {name} from {where}, which is not read",
            hint=f"Export it: `pipenv requirements --dev > requirements-test.txt`. {_LEAVE}",
        )
    extras = f"[{','.join(entry['extras'])}]" if entry.get("extras") else ""
    markers = f" ; {entry['markers']}" if entry.get("markers") else ""
    return f"{name}{extras}{version}{markers}"


def read_poetry(declared: Mapping[str, Any]) -> str:
    """Return what the user should know of a Poetry project that is installed by its build backend.

    Raises:
        SetupError: It is no package, so that nothing but Poetry can install it.
    """
    poetry = declared["tool"]["poetry"]
    export = "`poetry export --with dev --output requirements-test.txt`"
    if poetry.get("package-mode") is False or "build-system" not in declared:
        raise SetupError(
            "the project is Poetry's and no package (package-mode = false): its dependencies cannot be installed here",
            hint=f"Commit {export}, or write them as [project] dependencies. {_LEAVE}",
        )
    groups = ", ".join(sorted(poetry.get("group", {})))
    also = f", and of its groups ({groups}) nothing is installed" if groups else ""
    return f"Poetry's pyproject.toml says what is installed; poetry.lock is not read{also}. Commit {export} for them."


def stale_in_lock(lock: str, declared: Mapping[str, Any]) -> list[str]:
    """Return the requirements of a `pyproject.toml` that its `uv.lock` was not made of.

    A lock holds what each of its projects asked for when it was made (`requires-dist`, `requires-dev`). What cannot be
    compared (dynamic dependencies, a lock of an older form) counts as fitting.
    """
    try:
        packages = tomllib.loads(lock).get("package", [])
    except tomllib.TOMLDecodeError:
        return []
    project = declared.get("project", {})
    name = canonicalize_name(str(project.get("name", "")))
    own: Mapping[str, Any] = next(
        (each for each in packages if canonicalize_name(str(each.get("name", ""))) == name), {}
    )
    metadata = own.get("metadata", {})
    if not metadata or "dependencies" in project.get("dynamic", ()):
        return []
    listed = [
        *metadata.get("requires-dist", ()),
        *(each for group in metadata.get("requires-dev", {}).values() for each in group),
    ]
    locked = {(canonicalize_name(entry["name"]), _parts(entry.get("specifier", ""))) for entry in listed}
    sourced = {canonicalize_name(entry["name"]) for entry in listed if not entry.keys() <= _OF_AN_INDEX}
    asked = [(text, key) for text in _asked(declared) if (key := _key(text)) is not None]
    return [text for text, key in asked if key not in locked and key[0] not in sourced]


def _asked(declared: Mapping[str, Any]) -> Iterator[str]:
    project = declared.get("project", {})
    yield from project.get("dependencies", ())
    yield from project.get("optional-dependencies", {}).get("test", ())
    yield from (text for text in declared.get("dependency-groups", {}).get("test", ()) if isinstance(text, str))


def _key(text: str) -> tuple[str, frozenset[str]] | None:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return None if requirement.url else (canonicalize_name(requirement.name), _parts(str(requirement.specifier)))


def _parts(specifier: str) -> frozenset[str]:
    return frozenset(part.strip().replace(" ", "") for part in specifier.split(",") if part.strip())
