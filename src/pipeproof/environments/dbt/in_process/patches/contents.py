"""What the database holds, as the test that asks has made it: dbt need not look for that."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Known:
    """What is in the database already, as the test that asks has made it.

    Args:
        schemas: The schemas that are there; dbt need not look for them.
        relations: All that is in them, where that is known; `None` where dbt has to look.
    """

    schemas: Collection[str] = ()
    relations: Sequence[Any] | None = None


def create_absent(create: Callable[..., None], known: Known) -> Callable[..., None]:
    """Let dbt look for the schemas that it needs, and create them, save for those that are there."""
    there = {schema.lower() for schema in known.schemas}

    def create_schemas(task: Any, adapter: Any, required: Collection[Any]) -> None:
        create(task, adapter, {each for each in required if str(each.schema).lower() not in there})

    return create_schemas


def fill_cache(fill: Callable[..., None], known: Known) -> Callable[..., None]:
    """Let dbt list what is in the schemas that it is about to write to, unless all of it is known."""

    def populate(task: Any, adapter: Any, required_schemas: Any = None) -> None:
        if known.relations is None or required_schemas is None:
            fill(task, adapter, required_schemas)
            return
        for relation in known.relations:
            adapter.cache.add(relation)
        adapter.cache.update_schemas({(each.database, each.schema) for each in required_schemas})

    return populate
