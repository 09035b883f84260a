"""The watch over one invocation: what dbt says while it runs, and statements that must not reach the database.

dbt announces each statement before it sends it; an exception raised then keeps it from being sent. So the guard works
with every adapter, and for whatever made the statement: a hook, a macro, a materialization.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.errors import DbtRefusedError
from pipeproof.environments.dbt.guard.words import FILE, SCHEMA, SERVER
from pipeproof.environments.dbt.guard.writes import Write, find_writes
from pipeproof.environments.dbt.run_names import is_inside

if TYPE_CHECKING:
    from collections.abc import Callable


EVENTS = ("SQLQuery", "NoNodesForSelectionCriteria")
"""The names of the events that a guard listens to."""


class Guard:
    """Listens to one invocation.

    Args:
        schema: The test's schema.
        database: The database that it is in.
        created: The unqualified names that the test itself has created so far; the guard adds to them.
        files: The folder that files may be written to.
        unqualified: Whether the connection puts unqualified names into the test's schema.
        throwaway: Whether nothing in the database is anyone's, so that the project's own hooks may write to all of it.
    """

    def __init__(
        self,
        schema: str,
        database: str,
        created: set[str],
        files: Path,
        *,
        unqualified: bool,
        throwaway: bool = False,
    ) -> None:
        self.refused: list[tuple[str, Write | str]] = []
        self.unmatched: list[str] = []
        self.schemas: set[str] = set()
        self._schema = schema
        self._database = database.lower()
        self._created = created
        self._files = files.resolve()
        self._unqualified = unqualified
        self._throwaway = throwaway
        seers = (self._see_statement, lambda data: self.unmatched.append(data.spec_raw))
        self._events: dict[str, Callable[[Any], None]] = dict(zip(EVENTS, seers, strict=True))

    def __call__(self, event: Any) -> None:
        """Take one event of dbt's."""
        see = self._events.get(event.info.name)
        if see is not None:
            see(event.data)

    def _see_statement(self, data: Any) -> None:
        for write in find_writes(data.sql):
            hook = self._throwaway and str(data.node_info.unique_id).startswith("operation.")
            if self._allows(write) or (hook and self._is_in_database(write)):
                continue
            node = str(data.node_info.node_name or data.node_info.unique_id or data.conn_name)
            self.refused.append((node, write))
            raise refusal(self.refused, self._schema)

    def _allows(self, write: Write) -> bool:
        if not write.name or write.kind == SERVER:
            return False
        if write.kind == FILE:
            return "://" not in write.name[0] and Path(write.name[0]).resolve().is_relative_to(self._files)
        *outer, last = (part.lower() for part in write.name)
        if write.kind == SCHEMA:
            return self._allows_schema(write.verb, outer, last)
        if write.temporary or (outer and outer[-1] in {"temp", "pg_temp"}):
            self._created.add(last)
            return True
        if not outer:
            if write.verb in {"create", "select"} and self._unqualified:
                self._created.add(last)
            return last in self._created
        return is_inside(outer[-1], self._schema) and (len(outer) == 1 or outer[-2] == self._database)

    def _is_in_database(self, write: Write) -> bool:
        """Return whether what is written is in the test's database, in whatever schema."""
        deep = 1 if write.kind == SCHEMA else 2
        inside = len(write.name) <= deep or write.name[0].lower() == self._database
        return bool(write.name) and write.kind not in {FILE, SERVER} and inside

    def _allows_schema(self, verb: str, outer: Sequence[str], last: str) -> bool:
        if verb == "use" and last == self._database and not outer:
            return not self._unqualified  # else what has no schema would go to the database's first one
        inside = is_inside(last, self._schema) and (not outer or outer[-1] == self._database)
        if inside and verb == "create":
            self.schemas.add(last)
        return inside


def refusal(refused: Sequence[tuple[str, Write | str]], schema: str) -> DbtRefusedError:
    """Return the error for what would be written elsewhere."""
    node, write = refused[0]
    if isinstance(write, Write) and not write.name:
        return DbtRefusedError(
            f"{node} would run a statement that may write outside the test's schema {schema}, "
            f"as far as can be seen: {write} …",
            hint="pipeproof does not know this kind of statement, or finds no name in it; "
            "names in {{ target.schema }} are the test's",
        )
    hint = "let it follow the target: {{ target.schema }} in place of the schema's name"
    if isinstance(write, Write) and write.kind in {FILE, SERVER}:
        hint = "let the hook ask `target.name`, and leave it out where tests run"
    return DbtRefusedError(f"{node} would {write}, which is outside the test's schema {schema}", hint=hint)
