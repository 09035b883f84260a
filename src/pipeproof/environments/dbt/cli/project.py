"""The project where dbt has no Python entry that takes a manifest: run by its command line, on a copy of its files.

The embedded database alone: it needs none of dbt's Python adapters, which that dbt need not have.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeproof.environments.dbt.cli import run as cli_run
from pipeproof.environments.dbt.cli.artifacts import Facts, read_manifest
from pipeproof.environments.dbt.cli.log import CliOutcome
from pipeproof.environments.dbt.cli.lost import find_lost
from pipeproof.environments.dbt.cli.overlay import PARSED, Overlay
from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.guard.names import Write
from pipeproof.environments.dbt.guard.words import SCHEMA
from pipeproof.environments.dbt.guard.writes import find_fixed_files, find_fixed_writes
from pipeproof.environments.dbt.project import manifest as manifests
from pipeproof.environments.dbt.project.lines import locate_parse_error, meant_reference
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA, Profile, embed, find_schema
from pipeproof.environments.dbt.project.settings import COPY, Settings
from pipeproof.environments.dbt.project.view import Surroundings
from pipeproof.environments.dbt.result import DbtFailed
from pipeproof.environments.dbt.run_names import RunName, is_inside
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.text import closest
from pipeproof.variables import EMBEDDED


@dataclass(frozen=True, slots=True)
class PlainRelation:
    """A table's place, quoted as DuckDB does."""

    database: str | None = None
    schema: str | None = None
    identifier: str | None = None

    @classmethod
    def create(cls, database: str, schema: str, identifier: str | None = None, **_policy: Any) -> "PlainRelation":
        """Return a place."""
        return cls(database, schema, identifier)

    @classmethod
    def create_from(cls, config: Any, node: Any) -> "PlainRelation":
        """Return the place of a node."""
        return cls(config.credentials.database, node.schema, node.get("alias") or node.name)

    def incorporate(self, path: Mapping[str, str]) -> "PlainRelation":
        """Return the place with parts of it changed."""
        return replace(self, **path)

    def without_identifier(self) -> "PlainRelation":
        """Return the schema."""
        return replace(self, identifier=None)

    def include(self, *, database: bool) -> "PlainRelation":
        """Return the place with its database, or without."""
        return self if database else replace(self, database=None)

    def __str__(self) -> str:
        return ".".join(_quote(part) for part in (self.database, self.schema, self.identifier) if part)


class PlainAdapter:
    """What our own connection asks of an adapter, for DuckDB."""

    Relation = PlainRelation

    @staticmethod
    def type() -> str:
        """Return the database's name."""
        return "duckdb"

    def __init__(self, database: str) -> None:
        self.config = SimpleNamespace(credentials=SimpleNamespace(database=database), quoting={})

    def quote_as_configured(self, name: str, _kind: str) -> str:
        """Return a quoted name."""
        return _quote(name)

    @staticmethod
    def _named(kind: str) -> Any:
        return staticmethod(lambda _table, _column: kind)

    convert_boolean_type = _named("boolean")
    convert_number_type = _named("double")
    convert_datetime_type = _named("timestamp")
    convert_date_type = _named("date")
    convert_time_type = _named("time")
    convert_text_type = _named("text")


@dataclass(frozen=True, slots=True)
class CliParsed:
    """A parsed project: its manifest, which nothing changes."""

    manifest: Facts
    surroundings: Surroundings = field(default_factory=Surroundings)

    def copy(self) -> Facts:
        """Return the manifest."""
        return self.manifest


class CliProject(DbtProject):
    """A [DbtProject][pipeproof.environments.dbt.session.project.DbtProject] that dbt's command line runs."""

    orders_makers = False  # there is no manifest that could tell dbt of it

    def __init__(self, settings: Settings, name: RunName, folder: Path, shared: Path) -> None:
        super().__init__(settings, name, folder, shared, profile=_embed(settings, folder))
        if self.dialect and settings.dialect != "auto":
            raise DbtSetupError(
                f"dbt-dialect: {self.dialect} takes the dbt that runs in this process, and this one does not",
                hint="leave it out, or install dbt-core 1",
            )
        self.dialect = None
        self._overlay: Overlay | None = None
        self._cursors: list[Any] = []
        self._lost: list[tuple[str, Any]] | None = None
        (folder / "external").mkdir(exist_ok=True)  # where `external` models without a location go

    @property
    def overlay(self) -> Overlay:
        """The copy of the project."""
        if self._overlay is None:
            self._overlay = Overlay(self.path, self.folder / COPY)
        return self._overlay

    @property
    def is_second(self) -> bool:
        """Whether this dbt is of version 2."""
        return str(self.nodes_manifest.metadata.dbt_version).startswith("2.")

    def check_tests(self) -> None:
        """Refuse to run the project's own tests where dbt leaves some of them out: version 2 does, without a word."""
        if not self.is_second:
            return
        if self._lost is None:
            self._lost = list(find_lost(self.nodes_manifest, self.path))
        for name, location in self._lost:
            raise DbtSetupError(
                f"this dbt leaves out the test {name}: of several tests of one name it runs one",
                hint="give each a name of its own",
                location=location,
            )

    def find_escapes(self, manifest: Any) -> Mapping[str, str]:
        """The nodes that write to a schema whose name is written out: there, in a hook, or in a macro of theirs."""
        return find_escapes(manifest, self.profile.target)

    def live_adapter(self) -> Any:
        """Return what our own connection asks of an adapter."""
        return PlainAdapter(Path(self.profile.output["path"]).stem)

    def connect(self, schema: str) -> Any:
        """Return a connection of our own; [release][] closes it."""
        cursor = super().connect(schema)
        self._cursors.append(cursor)
        return cursor

    def release(self) -> None:
        """Close the database, which one process at a time can have open."""
        for held in (*self._cursors, self._database):
            if held is not None:
                with suppress(Exception):
                    held.close()
        self._cursors.clear()
        self._database = None

    def run_dbt(self, arguments: list[str], schema: str, variables: Mapping[str, str]) -> CliOutcome:
        """Run a command on the copy."""
        self.release()
        return cli_run.run_dbt(self.folders, self.overlay.folder, arguments, schema, variables)

    def external(self, manifest: Any, schema: str) -> dict[str, str]:
        """Return where the files of `external` models go that have a place of their own: unique ids and paths."""
        located = [node for node in manifest.nodes.values() if node.resource_type == "model" and node.config.location]
        folder = self.folder / "external" / schema
        if located:
            folder.mkdir(parents=True, exist_ok=True)
        return {node.unique_id: str(folder / str(node.config.location).rsplit("/", 1)[-1]) for node in located}

    @contextmanager
    def changed(
        self,
        stand_ins: Collection[tuple[Any, str]],
        views: Iterable[Any],
        files: Mapping[str, str],
        text: str = "",
        inside: Any = None,
    ) -> Iterator[None]:
        """Let some models be tables that are there, ephemeral ones views, and files be elsewhere, for one invocation.

        Args:
            stand_ins: Models, and the names of the tables.
            views: Ephemeral models.
            files: Where `external` models write to, by their unique ids.
            text: What is a model besides, or a part of one.
            inside: The model that it is a part of.
        """
        given = {node.unique_id for node, _ in stand_ins}
        try:
            for node, table in stand_ins:
                self.overlay.stand_in(node, table)
            for node in views:
                self.overlay.configure(node, materialized="view")
            for at in files.keys() - given:
                self.overlay.configure(self.nodes_manifest.nodes[at], location=files[at])
            if text:
                self.overlay.put_text(text, inside)
            yield
        finally:
            self.overlay.restore()

    def _load(self, file: Path) -> CliParsed:
        manifest = read_manifest(file, self.path)
        for node in manifest.nodes.values():
            node["schema"] = str(node.schema or PARSE_SCHEMA)
            if node.schema.startswith(PARSE_SCHEMA + PARSED):
                node["placed"], node["schema"] = True, node.schema.removeprefix(PARSE_SCHEMA + PARSED)
        return CliParsed(manifest, Surroundings.of(self._variables_named()))

    def _parse(self, variables: Mapping[str, Any]) -> tuple[CliParsed, bytes]:
        arguments = ["--vars", json.dumps(variables)] if variables else []
        outcome = self.run_dbt(["parse", *arguments], PARSE_SCHEMA, {})
        if outcome.exception is not None:
            text = str(outcome.exception)
            hint, location = meant_reference(text, self.path), locate_parse_error(text, self.path)
            raise DbtFailed(text, hint=hint, location=location) from outcome.exception
        file = self.folders.target / "manifest.json"
        return self._load(file), file.read_bytes()


def _embed(settings: Settings, folder: Path) -> Profile:
    """Return the embedded database's profile; another target is refused."""
    if not settings.embedded:
        meant = f"did you mean {EMBEDDED}? " if closest(settings.target.lower(), [EMBEDDED]) else ""
        raise DbtSetupError(
            f"dbt-target: {settings.target!r} is for a dbt with the Python entry of version 1; this one runs on the "
            "embedded database alone",
            hint=f"{meant}for a target of the profile install dbt-core<1.13 and the target's adapter",
        )
    return embed(folder, schema=find_schema(settings))


def find_escapes(manifest: Facts, target: str) -> dict[str, str]:
    """Return the nodes that would write elsewhere, as far as that can be read, with what they would write."""
    macros = {}
    for at, macro in manifest.macros.items():
        writes = list(find_fixed_writes(macro.macro_sql)) if macro.package_name not in {"dbt", "dbt_duckdb"} else []
        if writes:
            macros[at] = str(writes[0])
    escapes = manifests.find_escapes(manifest, target, "duckdb")
    for at, node in manifest.nodes.items():
        if node.resource_type == "operation" and all(map(_is_in_database, find_fixed_writes(node.raw_code))):
            escapes.pop(at, None)
        for hook in manifests.hooks_of(node):
            for write in find_fixed_files(hook if isinstance(hook, str) else hook.sql):
                escapes.setdefault(at, str(write))
        if node.resource_type in manifests.BUILT_KINDS and not (node.placed or is_inside(node.schema, PARSE_SCHEMA)):
            escapes[at] = f"be built as {node.schema}.{node.name}"
        for used in _macros_of(manifest, node):
            if used in macros:
                escapes.setdefault(at, macros[used])
    return escapes


def _is_in_database(write: Write) -> bool:
    """Return whether a hook of the project's writes to the embedded database, where it may use any schema."""
    return len(write.name) <= (1 if write.kind == SCHEMA else 2)


def _macros_of(manifest: Facts, node: Any) -> set[str]:
    """Return the macros that a node calls, and those that these call."""
    seen: set[str] = set()
    waiting = list(node.depends_on.get("macros", ()))
    while waiting:
        at = waiting.pop()
        if at not in seen:
            seen.add(at)
            macro = manifest.macros.get(at)
            waiting += macro.depends_on.get("macros", ()) if macro is not None else ()
    return seen


def _quote(name: str) -> str:
    return f'"{name.replace(chr(34), chr(34) * 2)}"'
