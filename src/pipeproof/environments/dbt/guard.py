"""The watch over one invocation: what dbt says while it runs, and statements that must not reach the database.

dbt announces each statement before it sends it; an exception raised then keeps it from being sent. So the guard works
with every adapter, and for whatever made the statement: a hook, a macro, a materialization.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.errors import DbtRefusedError
from pipeproof.environments.dbt.naming import is_inside
from pipeproof.environments.dbt.writes import Write, find_writes

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
        unqualified: Whether the connection puts unqualified names into the test's schema.
    """

    def __init__(self, schema: str, database: str, created: set[str], *, unqualified: bool) -> None:
        self.refused: list[tuple[str, str]] = []
        self.unmatched: list[str] = []
        self.schemas: set[str] = set()
        self._schema = schema
        self._database = database.lower()
        self._created = created
        self._unqualified = unqualified
        seers = (self._see_statement, lambda data: self.unmatched.append(data.spec_raw))
        self._events: dict[str, Callable[[Any], None]] = dict(zip(EVENTS, seers, strict=True))

    def __call__(self, event: Any) -> None:
        """Take one event of dbt's."""
        see = self._events.get(event.info.name)
        if see is not None:
            see(event.data)

    def _see_statement(self, data: Any) -> None:
        for write in find_writes(data.sql):
            if self._allows(write):
                continue
            node = str(data.node_info.node_name or data.node_info.unique_id or data.conn_name)
            self.refused.append((node, str(write)))
            raise DbtRefusedError(f"{node} would {write}, outside the test's schema {self._schema}")

    def _allows(self, write: Write) -> bool:
        *outer, last = (part.lower() for part in write.name)
        if write.kind == "schema":
            inside = is_inside(last, self._schema) and (not outer or outer[-1] == self._database)
            if inside and write.verb == "create":
                self.schemas.add(last)
            return inside
        if write.temporary or (outer and outer[-1] in {"temp", "pg_temp"}):
            self._created.add(last)
            return True
        if not outer:
            if write.verb == "create" and self._unqualified:
                self._created.add(last)
            return last in self._created
        return is_inside(outer[-1], self._schema) and (len(outer) == 1 or outer[-2] == self._database)


def refusal(refused: Sequence[tuple[str, str]], schema: str) -> DbtRefusedError:
    """The error for what would be written elsewhere."""
    node, write = refused[0]
    return DbtRefusedError(
        f"{node} would {write}, which is outside the test's schema {schema}",
        hint="let it follow the target: {{ target.schema }} in place of the schema's name",
    )
