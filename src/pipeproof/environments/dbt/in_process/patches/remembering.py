"""The list of what is replaced while an invocation runs, by the name that dbt has for it."""

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from pipeproof.environments.dbt.in_process.patches import configurations, contents, events, selection, templates
from pipeproof.environments.dbt.in_process.patches.patching import replace

_TASK = "dbt.task.runnable:GraphRunnableTask"


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
    with ExitStack() as stack:
        for place, make in (
            ("dbt.plugins.manager:PluginManager.get_prefixed_modules", _once),
            ("dbt.cli.requires:load_profile", lambda load: configurations.keep_profile(load, schema)),
            ("dbt.cli.requires:load_project", configurations.keep_project),
            ("dbt.cli.requires:RuntimeConfig.from_parts", configurations.keep_configuration),
            ("dbt_common.events.event_manager:EventManager.fire_event", lambda fire: events.skip_unheard(fire, wanted)),
            ("dbt_common.events.base_types:BaseEvent.__init__", events.write_later),
            ("dbt_common.events.base_types:BaseEvent.__getattr__", events.write_now),
            ("dbt_common.behavior_flags:BehaviorFlagRendered._default_source", lambda _find: lambda: "dbt.adapters"),
            ("dbt_common.clients.jinja:MacroFuzzEnvironment.compile", templates.compile_once),
            ("dbt.compilation:Linker.get_graph_summary", lambda _summarize: lambda _linker, _manifest: {}),
            ("dbt.context.manifest:ManifestContext.to_dict", templates.gather_macros),
            ("parsedatetime:Constants", _once),
            (
                "dbt.graph.selector:NodeSelector.select_nodes",
                lambda select: selection.select_exactly(select, only),
            ),
            (
                "dbt.task.runnable:GraphRunnableTask.create_schemas",
                lambda create: contents.create_absent(create, known),
            ),
            (
                "dbt.task.runnable:GraphRunnableTask.populate_adapter_cache",
                lambda fill: contents.fill_cache(fill, known),
            ),
        ):
            replaced = replace(place, make)
            if replaced is not None:
                stack.enter_context(replaced)
        yield


@cache
def _once(find: Callable[..., Any]) -> Callable[..., Any]:
    """Let what always finds the same, such as the search of all of `site-packages` for plugins, find it once."""
    return cache(find)
