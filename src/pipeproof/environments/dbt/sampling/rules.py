"""Which columns are hidden and which are kept: what somebody has said, else what the project and the column say.

Hidden are texts, what is no plain value (bytes, lists, structs, JSON), keys (`id`, `…_id`, `…_key`, and what a join
needs), and columns that are called like something personal. Kept are numbers, truth values and times, which models
calculate with, and texts whose values the project itself lists in a test `accepted_values`.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from pipeproof.environments.dbt.project.manifest import metas_of
from pipeproof.environments.dbt.sampling.anonymising import Pseudonyms
from pipeproof.errors import InputError

_KEY = re.compile(r"(?:^|_)(?:id|key|uuid|guid|number)s?$")
_PERSONAL = re.compile(
    r"(?:^|_)(?:birth\w*|born|dob|age|ssn|tax|iban|bic|account|card|cvv|passport|phone|mobile|fax|zip|postcode|postal"
    r"|lat|latitude|lon|lng|longitude|ip|salary|wage|income)(?:_|$)"
)
_PLAIN = (bool, int, float, Decimal, date, datetime, time)
_META = "pipeproof"
"""The key of a column's `meta` that says `keep` or `hide`."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is said of columns.

    Args:
        keep: Patterns of `source.table.column` that are kept.
        hide: Patterns that are hidden, also where one of `keep` fits.
        accepted: The columns whose values the project lists: the source's unique id and the column, in small letters.
    """

    keep: Collection[str] = ()
    hide: Collection[str] = ()
    accepted: Collection[tuple[str, str]] = ()

    def decide(self, source: Any, column: str, *, joined: bool) -> bool | None:
        """Return whether a column is hidden; None where its values have to say.

        Raises:
            InputError: The project's YAML says of it what is neither `keep` nor `hide`.
        """
        name = f"{source.source_name}.{source.name}.{column}".lower()
        said = "hide" if _fits(name, self.hide) else "keep" if _fits(name, self.keep) else _meta_of(source, column)
        if said not in {None, "keep", "hide"}:
            raise InputError(f"{name}: meta.{_META} is {said!r}", hint="say keep or hide")
        if said is not None:
            return said == "hide"
        if joined or _KEY.search(column.lower()) or _PERSONAL.search(column.lower()):
            return True
        return False if (source.unique_id, column.lower()) in self.accepted else None


def choose_mask(decided: bool | None, pseudonyms: Pseudonyms) -> Callable[[Any], Any]:
    """Return what makes of a column's values those that are written."""
    if decided is None:
        return lambda value: value if isinstance(value, _PLAIN) else pseudonyms.hide(value)
    return pseudonyms.hide if decided else lambda value: value


def find_accepted(manifest: Any) -> set[tuple[str, str]]:
    """Return the columns of sources whose values a test `accepted_values` lists."""
    return {
        (at, str(test.column_name).strip('"`').lower())
        for test in manifest.nodes.values()
        if getattr(getattr(test, "test_metadata", None), "name", None) == "accepted_values" and test.column_name
        for at in test.depends_on.nodes
        if at in manifest.sources
    }


def _fits(name: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns)


def _meta_of(source: Any, column: str) -> Any:
    """Return what the YAML says of a column, or else of its table and source."""
    found = next((each for name, each in source.columns.items() if name.lower() == column.lower()), None)
    of_column: list[Mapping[str, Any]] = []
    if found is not None:
        config = getattr(found, "config", None)
        of_column = [found.meta or {}, getattr(config, "meta", None) or {}]
    return next((meta[_META] for meta in (*of_column, *reversed(metas_of(source))) if _META in meta), None)
