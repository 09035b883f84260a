"""The list of what is replaced while an invocation runs, by the name that dbt has for it."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from typing import Any

from pipeproof.environments.dbt.in_process import touched
from pipeproof.environments.dbt.in_process.patches import (
    cancelling,
    configurations,
    contents,
    events,
    selection,
    templates,
)

_TASK = "dbt.task.runnable:GraphRunnableTask"
_EVENTS = "dbt_common.events"


@contextmanager
def remembering(
    schema: str, known: contents.Known, wanted: Collection[str], only: Collection[str] = ()
) -> Iterator[None]:
    """Let dbt remember while this lasts.

    Args:
        schema: The schema that the invocation is for.
        known: What is in the database.
        wanted: The names of the events that somebody listens to, of those that tell of no trouble.
        only: The unique ids of what is selected; none for what the command line says.
    """
    makes: tuple[tuple[Any, dict[str, Any]], ...] = (
        (touched.PLUGINS, {"dbt.plugins.manager:PluginManager.get_prefixed_modules": _once}),
        (touched.PROFILE, {"dbt.cli.requires:load_profile": lambda load: configurations.keep_profile(load, schema)}),
        (touched.PROJECT, {"dbt.cli.requires:load_project": configurations.keep_project}),
        (touched.CONFIGURATION, {"dbt.cli.requires:RuntimeConfig.from_parts": configurations.keep_configuration}),
        (touched.FIRING, {f"{_EVENTS}.event_manager:EventManager.fire_event": partial(_skip, wanted)}),
        (
            touched.EVENTS,
            {
                f"{_EVENTS}.base_types:BaseEvent.__init__": events.write_later,
                f"{_EVENTS}.base_types:BaseEvent.__getattr__": events.write_now,
            },
        ),
        (touched.FLAGS, {"dbt_common.behavior_flags:BehaviorFlagRendered._default_source": _of_adapters}),
        (touched.TEMPLATES, {"dbt_common.clients.jinja:MacroFuzzEnvironment.compile": templates.compile_once}),
        (touched.MACROS, {"dbt.context.manifest:ManifestContext.to_dict": templates.gather_macros}),
        (touched.SELECTION, {"dbt.graph.selector:NodeSelector.select_nodes": partial(_select, only)}),
        (touched.CANCELLING, {f"{_TASK}.run_queue": cancelling.cancel_queries}),
        (touched.SCHEMAS, {f"{_TASK}.create_schemas": lambda create: contents.create_absent(create, known)}),
        (touched.CONTENTS, {f"{_TASK}.populate_adapter_cache": lambda fill: contents.fill_cache(fill, known)}),
    )
    with ExitStack() as stack:
        for hook, make in makes:
            hook.enter(stack, make)
        yield


def _skip(wanted: Collection[str], fire: Callable[..., None]) -> Callable[..., None]:
    return events.skip_unheard(fire, wanted)


def _select(only: Collection[str], select: Callable[..., Any]) -> Callable[..., Any]:
    return selection.select_exactly(select, only)


def _of_adapters(_find: Any) -> Callable[[], str]:
    return lambda: "dbt.adapters"


@cache
def _once(find: Callable[..., Any]) -> Callable[..., Any]:
    """Let what always finds the same, such as the search of all of `site-packages` for plugins, find it once."""
    return cache(find)
