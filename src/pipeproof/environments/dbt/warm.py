"""What dbt finds out again at each invocation, found out once: private parts of dbt, touched here and in `runner`.

A scenario's own work takes dbt some milliseconds; reading the project's and the profile's files, checking them against
their schemas, looking for plugins and listing what the database holds takes it many more. While one of our invocations
runs, some of dbt's functions are therefore replaced by ones that remember. Each replacement stands by itself: what a
version of dbt does not have under that name is left as it is, and then takes its time.
"""

import copy
import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from functools import cache, partial
from importlib import import_module
from inspect import getattr_static
from itertools import chain
from pathlib import Path
from typing import Any
from unittest.mock import patch

from pipeproof.environments.dbt.profile import SCHEMA_VARIABLE

KEPT = 8
"""How many configurations are kept: one for each set of variables and environment that the tests of a run have."""

TEMPLATES = 1000
"""How many compiled templates are kept."""

_PASSING = {SCHEMA_VARIABLE, "PYTEST_CURRENT_TEST"}
"""Variables of the environment that change from test to test, and that no project depends on."""

_TARGET = re.compile(r"\btarget\s*(?:\[|\||\.\s*(?!(?:name|type|profile_name|threads|database)\b))")
"""A look at the target, save for what is the same in all tests."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is in the database already, as the test that asks has made it.

    Args:
        schemas: The schemas that are there; dbt need not look for them.
        relations: All that is in them, where that is known; `None` where dbt has to look.
    """

    schemas: Collection[str] = ()
    relations: Sequence[Any] | None = None


@dataclass
class _Memory:
    """What is remembered in this process."""

    configurations: dict[Any, dict[str, Any]] = field(default_factory=dict)
    templates: dict[Any, Any] = field(default_factory=dict)
    dates: dict[str, Any] = field(default_factory=dict)
    plugins: Any = None
    parsed: bool = False


_memory = _Memory()


@contextmanager
def remembering(schema: str, known: Known, wanted: Collection[str]) -> Iterator[None]:
    """Let dbt remember while this lasts.

    Args:
        schema: The schema that the invocation is for.
        known: What is in the database.
        wanted: The names of the events that somebody listens to, of those that tell of no trouble.
    """
    with ExitStack() as stack:
        for place, make in (
            ("dbt.plugins.manager:PluginManager.get_prefixed_modules", _search_once),
            ("dbt.cli.requires:load_profile", lambda load: _profiles(load, schema)),
            ("dbt.cli.requires:load_project", _projects),
            ("dbt.cli.requires:RuntimeConfig.from_parts", _configurations),
            ("dbt_common.events.event_manager:EventManager.fire_event", lambda fire: _some_events(fire, wanted)),
            ("dbt_common.events.base_types:BaseEvent.__init__", _write_later),
            ("dbt_common.events.base_types:BaseEvent.__getattr__", _write_now),
            ("dbt_common.behavior_flags:BehaviorFlagRendered._default_source", lambda _find: lambda: "dbt.adapters"),
            ("dbt_common.clients.jinja:MacroFuzzEnvironment.compile", _compile_once),
            ("dbt.compilation:Linker.get_graph_summary", lambda _summarize: lambda _linker, _manifest: {}),
            ("dbt.context.manifest:ManifestContext.to_dict", _flat_macros),
            ("parsedatetime:Constants", lambda make: _memory.dates.setdefault("constants", cache(make))),
            ("dbt.task.runnable:GraphRunnableTask.create_schemas", lambda create: _new_schemas(create, known)),
            ("dbt.task.runnable:GraphRunnableTask.populate_adapter_cache", lambda fill: _fill_cache(fill, known)),
        ):
            replaced = _replace(place, make)
            if replaced is not None:
                stack.enter_context(replaced)
        yield


@contextmanager
def parsing() -> Iterator[set[str]]:
    """Note the environment's variables that dbt looks at while it parses a project.

    And let it keep the syntax trees of its own macros, which are most of what it parses. Not for the first project of a
    process: most sessions parse one, with one set of variables, and need no more memory.
    """
    looked: set[str] = set()
    with ExitStack() as stack:
        replaced = _replace("dbt_common.context:InvocationContext.env", lambda held: _note_looks(held, looked))
        if replaced is not None:
            stack.enter_context(replaced)
        try:
            from dbt_common.tests import disable_test_caching, enable_test_caching
        except ImportError:
            yield looked
            return
        if _memory.parsed:
            enable_test_caching()
        try:
            yield looked
        finally:
            disable_test_caching()
            _memory.parsed = True


class _Noting(dict[str, str]):
    """An environment that notes which of its variables somebody asks for, also in vain."""

    looked: set[str]

    def __contains__(self, name: object) -> bool:
        self.looked.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> str:
        self.looked.add(name)
        return super().__getitem__(name)


def _note_looks(environment: Any, looked: set[str]) -> Any:
    """Note what is asked of the environment that dbt has copied for one invocation."""

    def env(context: Any) -> Any:
        found = environment.fget(context)
        if type(found) is not dict:
            return found
        context._env = _Noting(found)  # noqa: SLF001
        context._env.looked = looked  # noqa: SLF001
        return context._env  # noqa: SLF001

    return property(env)


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


def _replace(place: str, make: Callable[[Any], Any]) -> Any:
    """A patch of a function of dbt's, made of the one that is there; `None` where there is none."""
    module, _, path = place.partition(":")
    try:
        owner: Any = import_module(module)
    except ModuleNotFoundError:
        return None
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part, None)
    found = getattr(owner, name, None)
    if found is None:
        return None
    bound = isinstance(getattr_static(owner, name), staticmethod | classmethod)
    return patch.object(owner, name, staticmethod(make(found)) if bound else make(found))


def _search_once(search: Callable[[], Any]) -> Callable[[], Any]:
    """Look through all of `site-packages` for dbt's plugins once."""

    def found() -> Any:
        if _memory.plugins is None:
            _memory.plugins = search()
        return _memory.plugins

    return found


def _profiles(load: Callable[..., Any], schema: str) -> Callable[..., Any]:
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


def _projects(load: Callable[..., Any]) -> Callable[..., Any]:
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


def _configurations(make: Callable[..., Any]) -> Callable[..., Any]:
    """The configuration that was made of the same project before, with this invocation's profile and flags."""

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
    """What is kept for the same settings and the same environment."""
    environment = {name: value for name, value in os.environ.items() if name not in _PASSING}
    text = json.dumps([key, environment], sort_keys=True, default=str)
    while text not in _memory.configurations and len(_memory.configurations) >= KEPT:
        del _memory.configurations[next(iter(_memory.configurations))]
    return _memory.configurations.setdefault(text, {})


def _some_events(fire: Callable[..., None], wanted: Collection[str]) -> Callable[..., None]:
    """Make no message of an event that nobody listens to; warnings and errors, which may stop a run, are all made."""

    def fire_event(manager: Any, e: Any, level: Any = None, node: Any = None, *args: Any, **options: Any) -> None:
        strict = any(args) or any(options.values())
        if strict or type(e).__name__ in wanted or (level or e.level_tag()) not in ("debug", "info"):
            fire(manager, e, level, node, *args, **options)

    return fire_event


def _write_later(write: Callable[..., None]) -> Callable[..., None]:
    """Let an event note what it tells, and be written as a message when somebody looks at it."""

    def note(event: Any, *arguments: Any, **content: Any) -> None:
        event.__dict__["pipeproof_later"] = partial(write, event, *arguments, **content)

    return note


def _write_now(find: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Write an event that somebody looks at."""

    def look(event: Any, name: str) -> Any:
        later = event.__dict__.pop("pipeproof_later", None)
        if later is None:
            return find(event, name)
        later()
        return getattr(event, name)

    return look


def _compile_once(compile_: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a template, such as a model's or that of the comment in each query, the first time that it is met."""

    def compile_template(environment: Any, source: Any, *arguments: Any, **options: Any) -> Any:
        if arguments or options or not isinstance(source, str):
            return compile_(environment, source, *arguments, **options)
        key = (type(environment), source)
        if key not in _memory.templates:
            if len(_memory.templates) >= TEMPLATES:
                _memory.templates.clear()
            _memory.templates[key] = compile_(environment, source)
        return _memory.templates[key]

    return compile_template


def _flat_macros(to_dict: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let the macros that a template can call, hundreds, be gathered at once and not looked for one by one."""

    def gather(context: Any) -> Any:
        held = context.namespace
        if not hasattr(held, "_search_order"):
            return to_dict(context)
        context.namespace = dict(chain.from_iterable(part.items() for part in reversed([*held._search_order()])))  # noqa: SLF001
        try:
            return to_dict(context)
        finally:
            context.namespace = held

    return gather


def _new_schemas(create: Callable[..., None], known: Known) -> Callable[..., None]:
    """Let dbt look for the schemas that it needs, and create them, save for those that are there."""
    there = {schema.lower() for schema in known.schemas}

    def create_schemas(task: Any, adapter: Any, required: Collection[Any]) -> None:
        create(task, adapter, {each for each in required if str(each.schema).lower() not in there})

    return create_schemas


def _fill_cache(fill: Callable[..., None], known: Known) -> Callable[..., None]:
    """Let dbt list what is in the schemas that it is about to write to, unless all of it is known."""

    def populate(task: Any, adapter: Any, required_schemas: Any = None) -> None:
        if known.relations is None or required_schemas is None:
            fill(task, adapter, required_schemas)
            return
        for relation in known.relations:
            adapter.cache.add(relation)
        adapter.cache.update_schemas({(each.database, each.schema) for each in required_schemas})

    return populate
