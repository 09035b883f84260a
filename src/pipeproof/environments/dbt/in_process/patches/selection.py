"""What dbt selects, where that is said by unique ids: its own methods know names, folders and files alone."""

from collections.abc import Callable, Collection
from typing import Any


def select_exactly(select: Callable[..., Any], only: Collection[str]) -> Callable[..., Any]:
    """Let dbt select the nodes of these unique ids; without any, what its command line says."""

    def select_nodes(selector: Any, *_arguments: Any, **_options: Any) -> tuple[set[str], set[str]]:
        return {unique_id for unique_id in selector.graph.nodes() if unique_id in only}, set()

    return select_nodes if only else select
