"""The project under test, parsed once a session and shared by the workers of a run."""

import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from pipeproof.environments.dbt import lease, mistakes, runner
from pipeproof.environments.dbt import manifest as manifests
from pipeproof.environments.dbt.errors import DbtFailed, DbtSetupError
from pipeproof.environments.dbt.lines import locate_parse_error
from pipeproof.environments.dbt.naming import RunName
from pipeproof.environments.dbt.profile import Profile, make_profile
from pipeproof.environments.dbt.runner import Folders, Parsed
from pipeproof.environments.dbt.settings import Settings, read_project_file
from pipeproof.errors import Location


class DbtProject:
    """A dbt project, ready to be tested.

    Args:
        settings: Where it is, and what it runs against.
        name: The names of this process's schemas.
        folder: A temporary folder of this process's own.
        shared: A folder that the workers of one run share; what one has parsed is read by the others there.
    """

    def __init__(self, settings: Settings, name: RunName, folder: Path, shared: Path) -> None:
        self.path = settings.project_dir
        self.settings = settings
        self.run_name = name
        self.folder = folder
        self._shared = shared
        self._count = 0
        self._described = False
        self._database: Any = None
        self._lease: Any = None
        self._parsed: dict[str, Parsed] = {}
        self._facts: dict[str, Any] = {}
        self._check_packages()
        self.profile = self.make_profile()
        profiles = folder / "profiles"
        profiles.mkdir(parents=True, exist_ok=True)
        self.profile.write(profiles)
        self.folders = Folders(self.path, profiles, folder / "target")

    def make_profile(self) -> Profile:
        """What the project is run against."""
        return make_profile(self.settings, self.folder)

    @property
    def name(self) -> str:
        """The project's name."""
        return str(self.nodes_manifest.metadata.project_name)

    @property
    def adapter(self) -> str:
        """The adapter's type: `duckdb`, `postgres`, …."""
        return self.profile.adapter

    @property
    def nodes(self) -> list[Mapping[str, Any]]:
        """Models, seeds, snapshots and sources: `id`, `name`, `type`, `materialized`, `file`, `depends_on`, `tests`."""
        return list(self._fact("lineage", manifests.lineage))

    @property
    def nodes_manifest(self) -> Any:
        """dbt's manifest as it was parsed, to look at."""
        return self._fact("manifest", lambda manifest: manifest)

    @property
    def escapes(self) -> Mapping[str, str]:
        """The nodes and hooks that name another schema to write to, with what they write."""
        found: Mapping[str, str] = self._fact("escapes", manifests.find_escapes)
        return found

    @property
    def puts_unqualified(self) -> bool:
        """Whether the connection puts what is created without a schema into the test's."""
        return "search_path" in self.profile.output or "search_path" in self.profile.output.get("settings", {})

    def describe_once(self) -> bool:
        """True the first time it is asked in this process: what is said of the project is said once."""
        first, self._described = not self._described, True
        return first

    def next_schema(self) -> str:
        """The name of a schema that no other test has; with the first, the run begins to say that it lives."""
        if self._lease is None and not self.profile.embedded:
            self._lease = runner.open_handle(self.live_adapter(), runner.PARSE_SCHEMA)
            lease.hold(self._lease, self.run_name.token)
        self._count += 1
        return self.run_name.schema(self._count)

    def connect(self, schema: str) -> Any:
        """A connection of our own to the database: a DB-API object.

        The embedded database is opened past dbt, and kept open: dbt then finds it open each time, and a schema can be
        made before a connection is told to look there first.
        """
        if not self.profile.embedded:
            return runner.open_handle(self.live_adapter(), schema)
        if self._database is None:
            import duckdb

            self._database = duckdb.connect(self.profile.output["path"])
        return self._database.cursor()

    def close(self) -> None:
        """Give back what the process holds."""
        for held in (self._database, self._lease):
            if held is not None:
                with suppress(Exception):
                    held.close()
        self._parsed.clear()
        self._facts.clear()

    def live_adapter(self) -> Any:
        """dbt's adapter, as the last invocation left it."""
        self.parsed()
        if not runner.is_ours(self.adapter):
            # This process has read what another parsed and run nothing yet, or a test ran dbt by itself.
            arguments = ["list", "--select", "config.enabled:false"]
            outcome = runner.invoke(self.folders, arguments, self.parsed().copy(), runner.PARSE_SCHEMA, _ignore)
            if outcome.exception is not None:
                raise _failed(outcome.exception, self.path) from outcome.exception
        return runner.current_adapter(self.adapter)

    def copy_manifest(self, variables: Mapping[str, Any] | None = None, *, tests: bool = True) -> Any:
        """A manifest that may be changed and run; parsed again where variables or the environment ask for it.

        Args:
            variables: As `--vars`.
            tests: Whether the command runs the project's tests; without them it has less to go through.
        """
        uses_graph = self._fact("uses_graph", lambda found: manifests.uses_graph(found, self.adapter))
        manifest = self.parsed(variables).copy(tests=tests or uses_graph)
        if uses_graph:
            manifest.build_flat_graph()
        return manifest

    def parsed(self, variables: Mapping[str, Any] | None = None) -> Parsed:
        """The project, parsed with these variables and the environment as it is now."""
        key = json.dumps([variables or {}, self._environment()], sort_keys=True, default=str)
        if key not in self._parsed:
            self._parsed[key] = self._read_or_parse(variables or {}, sha256(key.encode()).hexdigest()[:16])
            key = json.dumps([variables or {}, self._environment()], sort_keys=True, default=str)
            self._parsed.setdefault(key, next(reversed(self._parsed.values())))
        return self._parsed[key]

    def find(self, name: str) -> Any:
        """The node or source of that name: `orders`, `package.orders`, `orders.v2`, `source.table`.

        Raises:
            DbtNameError: There is none.
        """
        names: dict[str, Any] = self._fact("names", _index_names)
        if name not in names:
            raise mistakes.unknown_name(name, names, self.nodes_manifest)
        return names[name]

    def _fact(self, name: str, find: Callable[[Any], Any]) -> Any:
        """Something about the project as it was first parsed, found out once."""
        if name not in self._facts:
            if "manifest" not in self._facts:
                self._facts["manifest"] = self.parsed().copy()
            self._facts[name] = find(self._facts["manifest"])
        return self._facts[name]

    def _environment(self) -> dict[str, str | None]:
        """The environment's variables that the project looks at while it is parsed, once that is known."""
        first = next(iter(self._parsed.values()), None)
        return {} if first is None else {name: os.environ.get(name) for name in sorted(first.environment)}

    def _read_or_parse(self, variables: Mapping[str, Any], key: str) -> Parsed:
        file = self._shared / f"dbt-{self.adapter}-{key}.parsed"
        with locked(self._shared / f"{file.name}.lock"):
            if file.exists():
                return Parsed.load(file.read_bytes())
            arguments = ["--vars", json.dumps(variables)] if variables else []
            outcome = runner.parse(self.folders, arguments, _ignore)
            if outcome.exception is not None or not outcome.success:
                raise _failed(outcome.exception, self.path) from outcome.exception
            parsed = Parsed.of(outcome.result)
            with tempfile.NamedTemporaryFile(dir=self._shared, delete=False) as written:
                written.write(parsed.dump())
            Path(written.name).replace(file)
            return parsed

    def _check_packages(self) -> None:
        """Packages that the project names have to be there: fetching them would write into the project."""
        files = [self.path / name for name in ("packages.yml", "dependencies.yml")]
        wanted = [file for file in files if file.is_file() and "packages" in (yaml.safe_load(file.read_text()) or {})]
        install = read_project_file(self.path).get("packages-install-path", "dbt_packages")
        if wanted and not (self.path / str(install)).is_dir():
            raise DbtSetupError(
                f"the packages of the project are not in {install}/",
                hint="run `dbt deps` first",
                location=Location(wanted[0], 1),
            )


def _index_names(manifest: Any) -> dict[str, Any]:
    """Nodes and sources by the names that a test may use; the project's own before its packages'."""
    names: dict[str, Any] = {}
    own = manifest.metadata.project_name
    built = [node for node in manifest.nodes.values() if node.resource_type in manifests.BUILT_KINDS]
    for node in sorted(built, key=lambda node: (node.package_name != own, node.unique_id)):
        version = getattr(node, "version", None)
        if version is not None:
            names.setdefault(f"{node.name}.v{version}", node)
            if version != node.latest_version:
                continue
        names.setdefault(node.name, node)
        names.setdefault(f"{node.package_name}.{node.name}", node)
    for source in sorted(manifest.sources.values(), key=lambda source: (source.package_name != own, source.unique_id)):
        names.setdefault(f"{source.source_name}.{source.name}", source)
    return names


def _failed(exception: BaseException | None, project_dir: Path) -> DbtFailed:
    text = str(exception).strip() if exception is not None else "dbt could not parse the project"
    return DbtFailed(text, location=locate_parse_error(text, project_dir))


def _ignore(_event: object) -> None:
    """No event of dbt's is of interest."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
