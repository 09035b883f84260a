"""dbt's variable `graph`: made of the nodes where the test has them, and only once a macro or a model looks at it."""

from collections.abc import Iterator
from typing import Any


class LazyGraph(dict[str, Any]):
    """The manifest as plain data, as dbt hands it to templates; few look at it, and making it takes long.

    Args:
        manifest: The manifest, its nodes in the test's schemas.
    """

    def __init__(self, manifest: Any) -> None:
        super().__init__()
        self._manifest = manifest

    def _fill(self) -> "LazyGraph":
        if self._manifest is not None:
            manifest, self._manifest = self._manifest, None
            manifest.build_flat_graph()
            super().update(manifest.flat_graph)
            manifest.flat_graph = self
        return self

    def __missing__(self, key: str) -> Any:
        if self._manifest is None:
            raise KeyError(key)
        return self._fill()[key]

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self._fill(), key)

    def __iter__(self) -> Iterator[str]:
        return dict.__iter__(self._fill())

    def __len__(self) -> int:
        return dict.__len__(self._fill())

    def get(self, key: str, default: Any = None) -> Any:
        """As of any dictionary."""
        return dict.get(self._fill(), key, default)

    def keys(self) -> Any:
        """As of any dictionary."""
        return dict.keys(self._fill())

    def values(self) -> Any:
        """As of any dictionary."""
        return dict.values(self._fill())

    def items(self) -> Any:
        """As of any dictionary."""
        return dict.items(self._fill())
