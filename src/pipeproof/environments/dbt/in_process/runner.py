"""dbt's own Python parts: the only module that knows them, with `patches`, which replaces some.

Public in dbt, and used here: `dbtRunner` with its `manifest` and `callbacks`, the command line's arguments, and the
nodes of the manifest. What is not public is listed in `touched` (`CORE`): the fields of `Manifest`, so that one is
copied without its macros; the adapter factory, for the adapter that an invocation leaves behind; and `Connection`, to
open a connection of our own with the adapter's code.
"""

import pickle
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pipeproof import environ
from pipeproof.environments.dbt.guard.watch import EVENTS as GUARDED
from pipeproof.environments.dbt.in_process.patches.clock import Clock, frozen
from pipeproof.environments.dbt.in_process.patches.configurations import move_credentials
from pipeproof.environments.dbt.in_process.patches.contents import Known
from pipeproof.environments.dbt.in_process.patches.dialects import Translation, parsing_for, translating
from pipeproof.environments.dbt.in_process.patches.parsing import parsing
from pipeproof.environments.dbt.in_process.patches.remembering import remembering
from pipeproof.environments.dbt.in_process.touched import CORE, SEMANTICS
from pipeproof.environments.dbt.log import EVENTS as LOGGED
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA, Folders
from pipeproof.environments.dbt.project.view import Surroundings
from pipeproof.variables import DBT_SCHEMA

Callback = Callable[[Any], None]

_NOTHING = Known()

_QUIET = (
    "--no-send-anonymous-usage-stats",
    "--no-use-colors",
    "--log-level",
    "none",
    "--log-level-file",
    "none",
    "--no-write-json",
    "--no-partial-parse",
    "--cache-selected-only",
)


_KINDS = ("nodes", "sources", "functions")
_READERS = {"exposures", "metrics", "semantic_models", "saved_queries"}
"""What depends on nodes and is run by no command of a test's."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation came to: dbt's results, or the exception that ended it."""

    success: bool
    result: Any
    exception: BaseException | None


class Parsed:
    """A parsed project, from which each invocation takes a copy.

    dbt changes the nodes of a manifest while it runs (a reused one breaks ephemeral models), but not its macros, which
    are most of it. So nodes are kept as bytes and made anew, and all else is shared. Tests, which are most of the nodes
    of many a project, are kept apart: a command that runs none does without them.
    """

    def __init__(self, shared: Mapping[str, Any], own: bytes, tests: bytes, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self._shared = dict(shared)
        self._own = own
        self._tests = tests

    @classmethod
    def of(cls, manifest: Any, looked: Iterable[str] = ()) -> "Parsed":
        """The parsed project that a manifest describes; `looked` has the environment's variables that it looked at."""
        content = {field.name: getattr(manifest, field.name) for field in fields(manifest) if field.name[0] != "_"}
        own = {name: content.pop(name) for name in _KINDS if name in content}
        data_tests = {at: node for at, node in own["nodes"].items() if node.resource_type == "test"}
        own["nodes"] = {at: node for at, node in own["nodes"].items() if at not in data_tests}
        tests = {"nodes": data_tests, "unit_tests": content.pop("unit_tests", {})}
        content["flat_graph"] = {}
        surroundings = Surroundings.of({*looked, *content["env_vars"]})
        return cls(content, pickle.dumps(own, protocol=5), pickle.dumps(tests, protocol=5), surroundings)

    def copy(self, *, tests: bool = True) -> Any:
        """Return a manifest that may be changed and run, with the project's tests or without."""
        own = pickle.loads(self._own)  # noqa: S301 - written by this session
        if tests:
            checks = pickle.loads(self._tests)  # noqa: S301 - written by this session
            own["nodes"] |= checks["nodes"]
            own["unit_tests"] = checks["unit_tests"]
        return CORE.find("dbt.contracts.graph.manifest:Manifest")(**self._shared, **own)

    def copy_part(self, whole: Any, wanted: Collection[str]) -> Any:
        """Return a manifest of some nodes alone, that may be changed and run: what takes time with each node is saved.

        Args:
            whole: The manifest of all nodes, to look at.
            wanted: The unique ids of nodes and sources; what they are made of has to be among them.
        """
        from dbt.contracts.graph.manifest import Manifest

        parts = {name: getattr(whole, name, {}) for name in (*_KINDS, "unit_tests")}
        kept = {name: {at: part[at] for at in wanted if at in part} for name, part in parts.items()}
        own = pickle.loads(pickle.dumps(kept, protocol=5))  # noqa: S301 - written here
        known = {field.name for field in fields(Manifest)}
        shared = {name: {} if name in _READERS else part for name, part in self._shared.items()}
        return Manifest(**shared, **{name: part for name, part in own.items() if name in known})

    def dump(self) -> bytes:
        """Return what [load][] makes a parsed project of again, in this run."""
        return pickle.dumps((self._shared, self._own, self._tests, self.surroundings), protocol=5)

    @classmethod
    def load(cls, content: bytes) -> "Parsed":
        """Return the parsed project that [dump][] wrote."""
        return cls(*pickle.loads(content))  # noqa: S301 - written by this session, in a folder of its own


def parse(
    folders: Folders, arguments: list[str], callback: Callback, dialect: str | None = None
) -> tuple[Outcome, set[str]]:
    """Parse a project; the outcome's result is dbt's manifest. And the environment's variables that it looked at.

    `dialect` is that of the project's SQL, where it is another than the database's.

    Raises:
        SetupError: dbt has changed where nothing can be done without.
    """
    if not CORE.usable():
        CORE.require("no project can be run in this process")
    with environ.changed({DBT_SCHEMA: PARSE_SCHEMA}), parsing() as looked, parsing_for(dialect):
        outcome = _invoke(None, ["parse", *arguments, *folders.arguments(), *_QUIET], callback)
        return _check_semantics(outcome, folders), looked


def _check_semantics(outcome: Outcome, folders: Folders) -> Outcome:
    """Let a parsed project fail as each command of dbt's would, which writes what it has of a semantic layer."""
    if not outcome.success or not outcome.result.semantic_models or not SEMANTICS.usable():
        return outcome
    from dbt.contracts.graph.semantic_manifest import SemanticManifest

    try:
        SemanticManifest(outcome.result).write_json_to_file(str(folders.target / "semantic_manifest.json"))
    except Exception as error:  # noqa: BLE001 - dbt's own, for the caller
        return Outcome(False, None, error)
    return outcome


def invoke(
    folders: Folders,
    arguments: list[str],
    manifest: Any,
    schema: str,
    callback: Callback,
    known: Known = _NOTHING,
    only: Collection[str] = (),
    translation: Translation | None = None,
    clock: Clock | None = None,
) -> Outcome:
    """Run a command with a manifest of ours, `target.schema` being `schema`; on the nodes `only`, where there are any.

    With a `translation` the project's SQL is in a dialect of its own, and what cannot be proven is noted there; with a
    `clock` it is that time.

    An exception that `callback` raises on an event stops what the event announces: dbt says each statement before
    it sends it.
    """
    with (
        environ.changed({DBT_SCHEMA: schema}),
        remembering(schema, known, (*GUARDED, *LOGGED), only),
        translating(translation),
        frozen(clock),
    ):
        return _invoke(manifest, [*arguments, *folders.arguments(), *_QUIET, "--no-version-check"], callback)


def current_adapter(kind: str) -> Any:
    """Return the adapter that the last invocation left behind; each makes one anew."""
    return CORE.find("dbt.adapters.factory:get_adapter_by_type")(kind)


def is_ours(kind: str, folders: Folders) -> bool:
    """Return whether the last invocation, which left its adapter behind, was with the profile in these folders."""
    try:
        return str(current_adapter(kind).config.args.PROFILES_DIR) == str(folders.profiles)
    except (AttributeError, KeyError):
        return False


def open_handle(adapter: Any, schema: str) -> Any:
    """A connection to the database, opened by the adapter's own code and with its credentials: a DB-API object."""
    held = adapter.config.credentials
    credentials = move_credentials(held, held.schema, schema)
    state = CORE.find("dbt.adapters.contracts.connection:ConnectionState.INIT")
    connection = CORE.find("dbt.adapters.contracts.connection:Connection")(
        type=adapter.type(), name="pipeproof", state=state, transaction_open=False, handle=None,
        credentials=credentials,
    )  # fmt: skip
    return type(adapter.connections).open(connection).handle


def _invoke(manifest: Any, arguments: list[str], callback: Callback) -> Outcome:
    from dbt.cli.main import dbtRunner

    done = dbtRunner(manifest=manifest, callbacks=[callback]).invoke(arguments)
    if done.exception is not None and not isinstance(done.exception, Exception):
        raise done.exception  # not dbt's: a test's time-out, or Ctrl-C
    return Outcome(done.success, done.result, done.exception)
