"""One test's schemas: the one that is its own, those beside it, and where in them a node of the project goes."""

from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from pipeproof.environments.dbt.in_process.patches.clock import Clock
from pipeproof.environments.dbt.project import manifest as manifests
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA
from pipeproof.environments.dbt.project.sources import follows_target
from pipeproof.environments.dbt.run_names import is_inside, place_schema
from pipeproof.environments.dbt.session import clock as clocks
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.environments.dbt.session.warehouse import Warehouse


class Schemas:
    """The schemas of one test; they are made when something is put there.

    Args:
        project: The project, parsed.

    Attributes:
        own: The name of the one that dbt calls the target's.
        names: The names of all.
        made: Whether they are in the database.
        given: What stands in for nodes and sources, by their unique ids: relations.
        warehouse: The test's own connection.
        clock: The time that the test says it is; None for the machine's.
    """

    def __init__(self, project: DbtProject) -> None:
        self.own = project.next_schema()
        self.names = {self.own}
        self.made = False
        self.given: dict[str, Any] = {}
        self.warehouse = Warehouse(project.live_adapter, lambda: project.connect(self.own))
        self.clock: Clock | None = None
        self._project = project

    def set_time(self, moment: datetime | None) -> None:
        """Let it be a time in the database and for dbt; None for the machine's again.

        Raises:
            DbtOptionError: The time of this database cannot be set.
        """
        self.make()
        self.warehouse.share()
        dialect, schema = self.warehouse.dialect, str(self.relation(self.own).include(database=False))
        if moment is None:
            if self.clock is not None:
                clocks.thaw(self.warehouse.execute, dialect, schema)
            self.clock, self.warehouse.search_path = None, None
            return
        clocks.freeze(self.warehouse.execute, dialect, schema, moment)
        self.clock = Clock(moment, None if dialect == "duckdb" else partial(clocks.ask_schema, schema=schema))
        self.warehouse.search_path = f"{self.own},main" if dialect == "duckdb" else None
        if dialect == "postgres":
            for statement in [*clocks.find_views(self.warehouse.read, sorted(self.names), schema)]:
                self.warehouse.execute(statement)

    def make(self, *beside: str) -> None:
        """Create the test's own schema, and others that something of the test's goes to, where they are not there."""
        wanted = {self.own, *beside}
        for name in wanted - self.names if self.made else wanted:
            self.warehouse.create_schema(self.relation(name))
        self.names |= wanted
        self.made = True

    def drop(self) -> None:
        """Drop them with all that is in them, those beside them that a test has made itself too, and disconnect."""
        self.warehouse.search_path = None
        if self.made:
            with suppress(Exception):  # not every database lists its schemas in this way
                _, rows = self.warehouse.read("select schema_name from information_schema.schemata")
                self.names |= {str(name) for (name,) in rows if is_inside(str(name), self.own)}
            for name in sorted(self.names):
                self.warehouse.drop_schema(self.relation(name))
        self.warehouse.close()

    def places(self) -> list[Any]:
        """Return the schemas that there are, as relations without a database."""
        return [self.relation(schema).include(database=False) for schema in sorted(self.names)]

    def relation(self, schema: str, identifier: str | None = None) -> Any:
        """Return a relation in a schema; without an identifier the schema itself."""
        adapter = self._project.live_adapter()
        return adapter.Relation.create(
            database=adapter.config.credentials.database, schema=schema, identifier=identifier,
            quote_policy=adapter.config.quoting,
        )  # fmt: skip

    def relation_of(self, node: Any) -> Any:
        """Where a node is built, or stands in: a model's own place, moved; a source's beside the test's models."""
        adapter = self._project.live_adapter()
        if node.resource_type == "source":
            return self.relation(self.own, f"{node.source_name}__{node.identifier}")
        moved = manifests.moved_schema(node, adapter, self.own)
        return adapter.Relation.create_from(adapter.config, node).incorporate(
            path={"database": adapter.config.credentials.database, "schema": moved}
        )

    def source_place(self, source: Any) -> Any:
        """Where a source is read that has no stand-in, if that is in the test's schemas: `None` for its own place."""
        view = self._project.view()
        maker = view.manifest.nodes.get(view.makers.get(source.unique_id))
        if maker is not None:
            return self.given.get(maker.unique_id) or self.relation_of(maker)
        if not follows_target(source):
            return None
        return self.relation(place_schema(source.schema, PARSE_SCHEMA, self.own), source.identifier)
