"""The profile that a test session connects with: written to a temporary folder, the project's own left alone.

The embedded profile is DuckDB in one file a worker. Any other target is copied from the project's profile as it
stands, `env_var(…)` and all, so that no credential is written anywhere; only its schema is ours.
"""

import importlib
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from pipeproof import environ
from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.project.settings import Settings, read_project_file
from pipeproof.errors import Location
from pipeproof.text import closest
from pipeproof.variables import DBT_ALLOW_TARGET, DBT_SCHEMA, DIALECTS, EMBEDDED

PROFILE = "pipeproof"
"""The name of the profile that we write."""

PARSE_SCHEMA = "pipeproof_target"
"""What the target's schema is called while a project is parsed; each test puts its own in its place."""

_SQLGLOT = (30, 30)
"""The sqlglot whose trees the lists of dialects know; of an earlier one they would refuse too much."""

_OUR_SCHEMA = f"{{{{ env_var('{DBT_SCHEMA}') }}}}"
_SCHEMA_KEYS = ("schema", "dataset")
_MAIN = "main"
"""What dbt-duckdb calls the schema of a target that names none."""
_PRODUCTION = re.compile(r"(?:^|[^a-z])(?:prod|production|prd|live)(?:$|[^a-z])")


@dataclass(frozen=True, slots=True)
class Profile:
    """A target to run against.

    Args:
        target: The target's name, as `target.name` in the project sees it.
        output: The target's settings, Jinja unrendered.
        schema: What the project's own profile calls the target's schema, where that is known; nothing is written there.
    """

    target: str
    output: Mapping[str, Any]
    schema: str | None = None

    @property
    def adapter(self) -> str:
        """The adapter's type: `duckdb`, `postgres`, …."""
        return str(self.output["type"])

    @property
    def embedded(self) -> bool:
        """Whether it is our own DuckDB."""
        return self.target == EMBEDDED

    def write(self, folder: Path) -> None:
        """Write `profiles.yml`."""
        content = {PROFILE: {"target": self.target, "outputs": {self.target: dict(self.output)}}}
        (folder / "profiles.yml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Folders:
    """Where an invocation reads and writes.

    Args:
        project: The folder of `dbt_project.yml`; nothing is written there.
        profiles: The folder of our `profiles.yml`.
        target: What dbt calls the target path, a temporary one.
    """

    project: Path
    profiles: Path
    target: Path

    def arguments(self) -> list[str]:
        """Return the command line's arguments that say so."""
        return [
            *("--project-dir", str(self.project), "--profiles-dir", str(self.profiles), "--profile", PROFILE),
            *("--target-path", str(self.target), "--log-path", str(self.target / "logs")),
        ]


def make_profile(settings: Settings, folder: Path, *, alone: bool = True) -> Profile:
    """Return the profile for a session.

    Args:
        settings: What to run against.
        folder: Where its temporary files go.
        alone: Whether no other worker of the run uses the same target.

    Raises:
        DbtSetupError: The project's profile lacks the target, the target looks like production, or its adapter is
            not installed.
    """
    if settings.target != EMBEDDED:
        profile = _copy_target(settings)
        return profile if alone or profile.adapter != "duckdb" else _copy_file(profile, settings, folder)
    _credential_fields("duckdb")
    return embed(folder, choose_dialect(settings), find_schema(settings))


def _credential_fields(adapter: str) -> set[str]:
    """Return the settings that an adapter's targets have."""
    try:
        plugin = importlib.import_module(f"dbt.adapters.{adapter}").Plugin
    except ModuleNotFoundError as error:
        raise DbtSetupError(
            f"dbt's adapter for {adapter} is not installed",
            hint=f"add dbt-{adapter} to the project's requirements, or to the action's `install`",
        ) from error
    return {field.name for field in fields(plugin.credentials)}


def embed(folder: Path, dialect: str | None = None, schema: str | None = None) -> Profile:
    """Our own DuckDB, in a file in `folder`; in UTC where it stands for another warehouse."""
    settings = {"search_path": f"{_OUR_SCHEMA},main"} | ({"TimeZone": "UTC"} if dialect else {})
    output = {
        "type": "duckdb",
        "path": str(folder / "pipeproof.duckdb"),
        "schema": _OUR_SCHEMA,
        "threads": 1,
        "external_root": str(folder / "external"),
        "settings": settings,
    }
    return Profile(EMBEDDED, output, schema)


def find_schema(project: Settings) -> str:
    """Return how the default target of a project's profile calls its schema, for sources that are there by its name.

    The profile is looked for in `DBT_PROFILES_DIR`, the working directory and the project: what lies in somebody's home
    would make a test differ from one machine to the next. Where nothing can be read it is `main`, as in dbt-duckdb.
    """
    try:
        return _schema_of(_default_output(project, home=False)) or _MAIN
    except Exception:  # noqa: BLE001 - whatever is wrong with it: this target does without
        return _MAIN


def _default_output(project: Settings, *, home: bool = True) -> Mapping[str, Any]:
    """Return the settings of the default target of a project's profile; none where it has no such target."""
    name = read_project_file(project.project_dir).get("profile")
    profiles = yaml.safe_load(_find_profiles(project, home=home).read_text(encoding="utf-8")) or {}
    profile = profiles.get(name) or {}
    return (profile.get("outputs") or {}).get(_render(str(profile.get("target", "default")))) or {}


def _schema_of(output: Mapping[str, Any]) -> str | None:
    """Return the schema that a target names, its `env_var(…)` filled in."""
    given = next((str(output[key]) for key in _SCHEMA_KEYS if output.get(key)), None)
    if given is None:
        return _MAIN if output.get("type") == "duckdb" else None
    try:
        return _render(given).strip() or None
    except Exception:  # noqa: BLE001 - Jinja that dbt alone understands
        return None


def choose_dialect(settings: Settings) -> str | None:
    """Return the dialect of the project's SQL, where it is another than that of the embedded database.

    Raises:
        DbtSetupError: One is named, and sqlglot is too old for it.
    """
    if not settings.embedded or settings.dialect == "duckdb":
        return None
    installed = _sqlglot()
    is_old = tuple(map(int, re.findall(r"\d+", installed)[:2])) < _SQLGLOT
    if settings.dialect != "auto" and is_old:
        needed = ".".join(map(str, _SQLGLOT))
        raise DbtSetupError(
            f"dbt-dialect: {settings.dialect} takes sqlglot {needed}, and {installed or 'none'} is installed",
            hint=f"require sqlglot>={needed}, or leave the dialect out",
        )
    if settings.dialect != "auto" or is_old:
        return None if is_old else settings.dialect
    with suppress(DbtSetupError, yaml.YAMLError, OSError):
        kind = str(_default_output(settings).get("type"))
        return kind if kind in DIALECTS else None
    return None


def _sqlglot() -> str:
    """Return the version of sqlglot; empty without one."""
    try:
        return version("sqlglot")
    except PackageNotFoundError:
        return ""


def _copy_target(settings: Settings) -> Profile:
    name = read_project_file(settings.project_dir).get("profile")
    path = _find_profiles(settings)
    profiles = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    if not name or name not in profiles:
        raise DbtSetupError(f"there is no profile {name!r} in {path}", location=Location(path, 1))
    outputs = profiles[name].get("outputs") or {}
    if settings.target not in outputs:
        raise DbtSetupError(
            f"dbt-target: profile {name!r} has no target {settings.target!r}",
            hint=f"{_meant(settings.target, outputs)}it has {', '.join(sorted(outputs)) or 'none'}; "
            f"`{EMBEDDED}` needs no profile",
            location=Location(path, 1),
        )
    output = dict(outputs[settings.target])
    _refuse_production(settings, profiles[name], output)
    schema = _schema_of(output)
    for key in _SCHEMA_KEYS:
        output.pop(key, None)
    output["schema"] = _OUR_SCHEMA
    if "search_path" in _credential_fields(str(output.get("type"))):
        output["search_path"] = f"{_OUR_SCHEMA},{output.get('search_path') or 'public'}"
    return Profile(settings.target, output, schema)


def _copy_file(profile: Profile, settings: Settings, folder: Path) -> Profile:
    """A target with a copy of its DuckDB file, under the same name: one process at a time can have a file open."""
    given = _render(str(profile.output.get("path") or ":memory:"))
    file = Path(given).expanduser()
    if given == ":memory:" or re.match(r"\w+:", given):
        return profile
    copy = folder / "database" / file.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        for part in (file, file.with_name(f"{file.name}.wal")):
            if part.is_file():
                shutil.copyfile(part, copy.with_name(part.name))
    except OSError as error:
        raise DbtSetupError(
            f"dbt-target: {settings.target!r} is the file {file}, of which each worker takes a copy: {error}",
            hint="run without workers",
        ) from error
    return replace(profile, output={**profile.output, "path": str(copy)})


def _refuse_production(settings: Settings, profile: Mapping[str, Any], output: Mapping[str, Any]) -> None:
    """Refuse a target that is named like production, or that is not the default one but writes where that does."""
    if settings.target in settings.allowed_targets:
        return
    allow = f"if it is meant, allow it by name: {DBT_ALLOW_TARGET.name}={settings.target}"
    if _PRODUCTION.search(settings.target.lower()):
        raise DbtSetupError(f"dbt-target: {settings.target!r} looks like production", hint=allow)
    default = _render(str(profile.get("target", "default")))
    other = (profile.get("outputs") or {}).get(default)
    if other is None or default == settings.target:
        return
    if _place(other) == _place(output):
        raise DbtSetupError(
            f"dbt-target: {settings.target!r} writes to the schema of the profile's default target {default!r}",
            hint=f"give it a schema of its own, or, {allow}",
        )


def _render(text: str) -> str:
    """Return a value with its `env_var(…)` filled in, as far as it goes without dbt."""
    from jinja2 import Environment

    def env_var(name: str, default: str = "") -> str:
        found = environ.get(name)
        return default if found is None else found

    return Environment(autoescape=False).from_string(text).render(env_var=env_var)  # noqa: S701 - YAML, not HTML


def _place(output: Mapping[str, Any]) -> tuple[Any, ...]:
    host = next((output[key] for key in ("host", "account", "project", "path") if key in output), None)
    database = output.get("database") or output.get("dbname")
    schema = output.get("schema") or output.get("dataset")
    return output.get("type"), host, database, schema


def _meant(target: str, others: Iterable[str] = ()) -> str:
    """Return the target that a misspelt one is like, as the beginning of a hint."""
    close = closest(target.lower(), [*others, EMBEDDED])
    return f"did you mean {close}? " if close else ""


def _find_profiles(settings: Settings, *, home: bool = True) -> Path:
    """`profiles.yml`, looked for where dbt does: `DBT_PROFILES_DIR`, the working directory, the project, `~/.dbt`."""
    folders = [Path(given)] if (given := environ.get("DBT_PROFILES_DIR")) else []
    folders += [Path.cwd(), settings.project_dir, *([Path.home() / ".dbt"] if home else [])]
    folders = list(dict.fromkeys(folder.resolve() for folder in folders))
    for folder in folders:
        if (folder / "profiles.yml").is_file():
            return folder / "profiles.yml"
    looked = ", ".join(str(folder) for folder in folders)
    raise DbtSetupError(
        f"dbt-target: {settings.target!r} is a target of a profile, and there is no profiles.yml in {looked}",
        hint=f"{_meant(settings.target)}set DBT_PROFILES_DIR, or use the target `{EMBEDDED}`, which needs no profile",
    )
