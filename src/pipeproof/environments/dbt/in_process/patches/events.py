"""dbt's events: hundreds an invocation, of which almost none is read."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any


def skip_unheard(fire: Callable[..., None], wanted: Collection[str]) -> Callable[..., None]:
    """Make no message of an event that nobody listens to; warnings and errors, which may stop a run, are all made."""

    def fire_event(manager: Any, e: Any, level: Any = None, node: Any = None, *args: Any, **options: Any) -> None:
        strict = any(args) or any(options.values())
        if strict or type(e).__name__ in wanted or (level or e.level_tag()) not in ("debug", "info"):
            fire(manager, e, level, node, *args, **options)

    return fire_event


def write_later(write: Callable[..., None]) -> Callable[..., None]:
    """Let an event note what it tells, and be written as a message when somebody looks at it."""

    def note(event: Any, *arguments: Any, **content: Any) -> None:
        event.__dict__["pipeproof_later"] = partial(write, event, *arguments, **content)

    return note


def write_now(find: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    """Write an event that somebody looks at."""

    def look(event: Any, name: str) -> Any:
        later = event.__dict__.pop("pipeproof_later", None)
        if later is None:
            return find(event, name)
        later()
        return getattr(event, name)

    return look
