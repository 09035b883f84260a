"""A copy of the project that can be run without changing it: where dbt cannot be handed a manifest of ours.

What dbt reads is copied, the rest is linked. Added are macros that put every relation into the test's schema and that
let sources be tables of the test's; a model that a table stands in for gets a file that builds nothing.
"""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipeproof.environments.dbt.project.settings import read_project_file
from pipeproof.environments.dbt.requests import TEXT
from pipeproof.variables import DBT_SCHEMAS, DBT_SOURCES

_PATHS = {
    "model-paths": ["models"], "seed-paths": ["seeds"], "test-paths": ["tests"], "analysis-paths": ["analyses"],
    "macro-paths": ["macros"], "snapshot-paths": ["snapshots"], "docs-paths": [], "asset-paths": [],
}  # fmt: skip
_LEFT_OUT = {".git", ".venv", "venv", "logs", "node_modules", "__pycache__"}
_OWN = "pipeproof_macros"
_OVERRIDDEN = re.compile(r"(\{%-?\s*macro\s+)(generate_schema_name|generate_database_name|source)(\s*\()")

_STAND_IN = "select 1 as stands_in\n"
"""A model that builds nothing: its table is there."""

_TARGET_SCHEMA = re.compile(r"\btarget_schema(\s*=)")

_MACROS = """
{% macro generate_schema_name(custom_schema_name=none, node=none) -%}
  {%- set named = (@SCHEMA(custom_schema_name, node) or '') | trim | lower -%}
  {%- set own = target.schema | lower -%}
  {%- if named == own or named.startswith(own ~ '_') -%}
    {%- set inside = named -%}
  {%- else -%}
    {%- set between = '_' if env_var('@SCHEMAS', '') else '@PARSED' -%}
    {%- set inside = own ~ between ~ modules.re.sub('[^a-z0-9_]', '_', named) -%}
  {%- endif -%}
  {{ fromjson(env_var('@SCHEMAS', '{}')).get(inside, inside) }}
{%- endmacro %}

{% macro generate_database_name(custom_database_name=none, node=none) -%}
  {{ target.database }}
{%- endmacro %}

{% macro source(source_name, table_name) %}
  {%- set found = @SOURCE(source_name, table_name) -%}
  {%- set place = fromjson(env_var('@SOURCES', '{}')).get(source_name ~ '.' ~ table_name) -%}
  {%- if place -%}
    {%- set found = api.Relation.create(database=target.database, schema=place[0], identifier=place[1]) -%}
  {%- endif -%}
  {%- do return(found) -%}
{% endmacro %}

{% materialization pipeproof_stand_in, default %}
  {% call noop_statement('main', 'STANDS IN') %}{% endcall %}
  {{ return({'relations': []}) }}
{% endmaterialization %}
"""


PARSED = "__"
"""What stands, as the copy is parsed, before the name of a schema that does not follow the target's."""


class Overlay:
    """The copy.

    Args:
        project_dir: The project.
        folder: Where the copy is made.
    """

    def __init__(self, project_dir: Path, folder: Path) -> None:
        self.folder = folder
        self._project_dir = project_dir
        self._settings = read_project_file(project_dir)
        self._packages = str(self._settings.get("packages-install-path", "dbt_packages"))
        self._changed: dict[Path, str | None] = {}
        self._removed: dict[Path, Path] = {}
        self._copy()

    def stand_in(self, node: Any, alias: str) -> None:
        """Let a model build nothing, until [restore][]: the table of that name is there."""
        path, before = self._file_of(node), None
        if path.suffix == ".sql":
            before = path.read_text(encoding="utf-8")
        else:
            self._removed[path] = path.rename(path.with_name(f"{path.name}.left_out"))
            path = path.with_suffix(".sql")
        self._changed.setdefault(path, before)
        settings = {"materialized": "pipeproof_stand_in", "alias": alias, "contract": {"enforced": False}}
        if node.config.event_time:  # by which a microbatch model filters what it reads
            settings["event_time"] = str(node.config.event_time)
        path.write_text(_configure(settings) + _STAND_IN, encoding="utf-8")

    def configure(self, node: Any, **settings: str) -> None:
        """Give a model in SQL other settings than its own, until [restore][]."""
        path = self._file_of(node)
        before = path.read_text(encoding="utf-8")
        self._changed.setdefault(path, before)
        path.write_text(before + _configure(settings), encoding="utf-8")

    def put_text(self, text: str, node: Any = None) -> None:
        """Let text be at the end of a model, after what configures it, or a model by itself, until [restore][]."""
        if node is None:
            path = self.folder / self._settings.get("model-paths", _PATHS["model-paths"])[0] / f"{TEXT}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
        else:
            path = self._file_of(node)
        before = None if node is None else path.read_text(encoding="utf-8")
        self._changed.setdefault(path, before)
        path.write_text(f"{before or ''}{text}", encoding="utf-8")

    def restore(self) -> None:
        """Give all files their own text again."""
        for path, text in self._changed.items():
            if text is None:
                path.unlink()
            else:
                path.write_text(text, encoding="utf-8")
        for path, moved in self._removed.items():
            moved.rename(path)
        self._changed.clear()
        self._removed.clear()

    def _file_of(self, node: Any) -> Path:
        root = self.folder
        if node.package_name != self._settings.get("name"):
            installed = (self.folder / self._packages).glob("*/dbt_project.yml")
            root = next(
                file.parent for file in installed if read_project_file(file.parent)["name"] == node.package_name
            )
        return root / str(node.original_file_path)

    def _copy(self) -> None:
        read = {str(path).split("/", 1)[0] for key, paths in _PATHS.items() for path in self._settings.get(key, paths)}
        left_out = {*_LEFT_OUT, str(self._settings.get("target-path", "target"))}
        self.folder.mkdir(parents=True)
        for entry in self._project_dir.iterdir():
            copy = self.folder / entry.name
            if entry.name in left_out:
                continue
            if entry.is_dir() and entry.name in {*read, self._packages.split("/", 1)[0]}:
                shutil.copytree(entry, copy, ignore=shutil.ignore_patterns(*left_out))
            elif entry.suffix in {".yml", ".yaml"}:
                shutil.copyfile(entry, copy)
            else:
                copy.symlink_to(entry.resolve())
        self._free_snapshots()
        self._add_macros()

    def _free_snapshots(self) -> None:
        """Let snapshots have a `schema`, which the macros place, for the `target_schema` that dbt takes as it is."""
        for folder in self._settings.get("snapshot-paths", _PATHS["snapshot-paths"]):
            for file in (self.folder / folder).rglob("*.sql"):
                text = file.read_text(encoding="utf-8")
                file.write_text(_TARGET_SCHEMA.sub(r"schema\1", text), encoding="utf-8")
        folders = {
            folder for key in ("snapshot-paths", "model-paths") for folder in self._settings.get(key, _PATHS[key])
        }
        for file in (file for folder in folders for file in (self.folder / folder).rglob("*.y*ml")):
            content = yaml.safe_load(file.read_text(encoding="utf-8")) if _mentions(file) else None
            if isinstance(content, dict) and "snapshots" in content:
                content["snapshots"] = _rename(content["snapshots"])
                file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")

    def _add_macros(self) -> None:
        """Put our macros beside the project's, whose own ones of those names they call."""
        folders = [*self._settings.get("macro-paths", _PATHS["macro-paths"])]
        overridden: set[str] = set()
        for file in [file for folder in folders for file in (self.folder / folder).rglob("*.sql")]:
            text = file.read_text(encoding="utf-8")
            if found := {match[2] for match in _OVERRIDDEN.finditer(text)}:
                overridden |= found
                file.write_text(_OVERRIDDEN.sub(r"\1pipeproof_own_\2\3", text), encoding="utf-8")
        own = {**_names(overridden), "PARSED": PARSED}
        macros = re.sub(r"@(\w+)", lambda match: own[match[1]], _MACROS)
        (self.folder / _OWN).mkdir()
        (self.folder / _OWN / "overrides.sql").write_text(macros, encoding="utf-8")
        settings = {**self._settings, "macro-paths": [*folders, _OWN]}
        if "snapshots" in settings:
            settings["snapshots"] = _rename(settings["snapshots"])
        (self.folder / "dbt_project.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")


def _configure(settings: Mapping[str, Any]) -> str:
    """Return the call of a model that gives it settings: the last call of several holds."""
    written = ", ".join(f"{name}={json.dumps(value)}" for name, value in settings.items())
    return f"\n{{{{ config({written}) }}}}\n"


def _names(overridden: set[str]) -> Mapping[str, str]:
    """Return what our macros call."""
    default = {"generate_schema_name": "default__generate_schema_name", "source": "builtins.source"}
    called = {name: f"pipeproof_own_{name}" if name in overridden else other for name, other in default.items()}
    return {
        "SCHEMA": called["generate_schema_name"],
        "SOURCE": called["source"],
        "SCHEMAS": DBT_SCHEMAS,
        "SOURCES": DBT_SOURCES,
    }


def _mentions(file: Path) -> bool:
    return "target_schema" in file.read_text(encoding="utf-8")


def _rename(content: Any) -> Any:
    """Return a configuration of snapshots with `schema` in place of `target_schema`, at whatever depth."""
    if isinstance(content, dict):
        return {str(key).replace("target_schema", "schema"): _rename(value) for key, value in content.items()}
    return [_rename(value) for value in content] if isinstance(content, list) else content
