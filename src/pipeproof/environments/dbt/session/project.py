"""The project under test, parsed once a session and shared by the workers of a run."""

import fcntl
import json
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from pipeproof.environments.dbt import lease
from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.in_process import runner
from pipeproof.environments.dbt.in_process.runner import Parsed
from pipeproof.environments.dbt.log import Log
from pipeproof.environments.dbt.project import manifest as manifests
from pipeproof.environments.dbt.project.lines import locate_parse_error, meant_reference
from pipeproof.environments.dbt.project.profile import PARSE_SCHEMA, Folders, Profile, choose_dialect, make_profile
from pipeproof.environments.dbt.project.settings import Settings, read_project_file
from pipeproof.environments.dbt.project.view import Surroundings, View
from pipeproof.environments.dbt.result import DbtFailed
from pipeproof.environments.dbt.run_names import RunName
from pipeproof.errors import Location

_LOOK = re.compile(r"\benv_var\(\s*['\"](\w+)['\"]")
"""A look at a variable of the environment."""


class DbtProject:
    """A dbt project, ready to be tested.

    Args:
        settings: Where it is, and what it runs against.
        name: The names of this process's schemas.
        folder: A temporary folder of this process's own.
        shared: A folder that the workers of one run share; what one has parsed is read by the others there.
        profile: What it is run against, where that is not the settings' target.

    Attributes:
        orders_makers: Whether what reads a source is run after what makes it, where one command builds both.
    """

    orders_makers = True

    def __init__(
        self, settings: Settings, name: RunName, folder: Path, shared: Path, *, profile: Profile | None = None
    ) -> None:
        self.path = settings.project_dir
        self.settings = settings
        self.run_name = name
        self.folder = folder
        self._shared = shared
        self._count = 0
        self._described = False
        self._database: Any = None
        self._lease: Any = None
        self._views: dict[str, list[View]] = {}
        self._unparsable: dict[str, list[tuple[Surroundings, DbtFailed]]] = {}
        self._check_packages()
        self.profile = profile or make_profile(settings, folder, alone=not name.worker.startswith("gw"))
        profiles = folder / "profiles"
        profiles.mkdir(parents=True, exist_ok=True)
        self.profile.write(profiles)
        self.dialect = choose_dialect(settings)
        self.folders = Folders(self.path, profiles, folder / "target")

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
        return list(self.view().lineage)

    @property
    def checks(self) -> list[Mapping[str, Any]]:
        """The project's own data tests and unit tests: `id`, `name`, `file`, `node`, `column`."""
        return manifests.list_checks(self.view().manifest)

    @property
    def nodes_manifest(self) -> Any:
        """dbt's manifest as it was parsed, to look at."""
        return self.view().manifest

    @property
    def puts_unqualified(self) -> bool:
        """Whether the connection puts what is created without a schema into the test's."""
        return "search_path" in self.profile.output or "search_path" in self.profile.output.get("settings", {})

    def describe_once(self) -> bool:
        """True the first time it is asked in this process: what is said of the project is said once."""
        first, self._described = not self._described, True
        return first

    def next_schema(self) -> str:
        """Return the name of a schema that no other test has; with the first, the run begins to say that it lives."""
        if self._lease is None and not self.profile.embedded:
            self._lease = runner.open_handle(self.live_adapter(), PARSE_SCHEMA)
            lease.hold(self._lease, self.run_name.token)
        self._count += 1
        return self.run_name.schema(self._count)

    def connect(self, schema: str) -> Any:
        """Return a connection of our own to the database: a DB-API object.

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
        self._views.clear()

    def live_adapter(self) -> Any:
        """dbt's adapter, as the last invocation left it."""
        self.parsed()
        if not runner.is_ours(self.adapter, self.folders):
            # This process has read what another parsed and run nothing yet, or a test ran dbt by itself.
            arguments = ["list", "--select", "config.enabled:false"]
            outcome = runner.invoke(self.folders, arguments, self.parsed().copy(), PARSE_SCHEMA, _ignore)
            if outcome.exception is not None:
                raise _failed(outcome.exception, self.path) from outcome.exception
        return runner.current_adapter(self.adapter)

    def copy_manifest(
        self, variables: Mapping[str, Any] | None = None, *, tests: bool = True, only: Collection[str] = ()
    ) -> Any:
        """Return a manifest that may be changed and run; parsed again where variables or the environment ask for it.

        Args:
            variables: As `--vars`.
            tests: Whether the command runs the project's tests; without them it has less to go through.
            only: The unique ids of what is run, where that is said: then the manifest has no more than that needs.
        """
        view = self.view(variables)
        if only and not view.uses_graph:
            hooks = [at for at in view.manifest.nodes if at.startswith("operation.")]
            needed = manifests.ancestors(view.manifest, [*only, *hooks], view.makers)
            return view.parsed.copy_part(view.manifest, {*needed})
        return view.parsed.copy(tests=tests or view.uses_graph)

    def parsed(self, variables: Mapping[str, Any] | None = None) -> Any:
        """Return the project, parsed with these variables and the environment as it is now."""
        return self.view(variables).parsed

    def view(self, variables: Mapping[str, Any] | None = None) -> View:
        """The project as it is with these variables and the environment as it is now.

        It is parsed again only if a variable of the environment that it looked at has another value; so
        is what cannot be parsed, as each test would else wait for the same error.
        """
        about = [str(self.path), self.profile.target, self.dialect, variables or {}]
        key = json.dumps(about, sort_keys=True, default=str)
        views = self._views.setdefault(key, [])
        for view in views:
            if view.parsed.surroundings.hold():
                return view
        for surroundings, error in self._unparsable.get(key, ()):
            if surroundings.hold():
                raise error.with_traceback(None)
        try:
            parsed = self._read_or_parse(variables or {}, sha256(key.encode()).hexdigest()[:16])
        except DbtFailed as error:
            self._unparsable.setdefault(key, []).append((Surroundings.of(self._variables_named()), error))
            raise
        views.append(View(parsed, variables or {}, self.adapter, self.profile.schema, self.find_escapes))
        return views[-1]

    def check_tests(self) -> None:
        """Refuse to run the project's own tests where dbt would leave some out; here it runs all."""

    def find_escapes(self, manifest: Any) -> Mapping[str, str]:
        """Return the nodes and hooks that name another schema to write to, with what they write."""
        return manifests.find_escapes(manifest, self.profile.target, self.adapter)

    def find(self, name: str, lately: Sequence[View] = ()) -> Any:
        """Return the node or source of that name; see [Names][pipeproof.environments.dbt.project.names.Names].

        Args:
            name: The name.
            lately: Where to look first: the project as a test's last runs saw it.

        Raises:
            DbtNameError: There is none, or there are several.
        """
        views = [*lately, self.view()]
        return next((view for view in views if name in view.names), views[0]).names.find(name)

    def _read_or_parse(self, variables: Mapping[str, Any], key: str) -> Any:
        """Return what a worker of the run has parsed in the same surroundings, else what this one parses."""
        with locked(self._shared / f"dbt-{self.adapter}-{key}.lock"):
            files = sorted(self._shared.glob(f"dbt-{self.adapter}-{key}-*.surroundings"))
            for file in files:
                if Surroundings(*json.loads(file.read_text())).hold():
                    return self._load(file.with_suffix(".parsed"))
            parsed, content = self._parse(variables)
            file = self._shared / f"dbt-{self.adapter}-{key}-{len(files)}.parsed"
            for path, written in (
                (file, content),
                (file.with_suffix(".surroundings"), json.dumps(astuple(parsed.surroundings)).encode()),
            ):
                with tempfile.NamedTemporaryFile(dir=self._shared, delete=False) as temporary:
                    temporary.write(written)
                Path(temporary.name).replace(path)
            return parsed

    def _load(self, file: Path) -> Any:
        """Return a parsed project, as [_parse][] has written it."""
        return Parsed.load(file.read_bytes())

    def _parse(self, variables: Mapping[str, Any]) -> tuple[Any, bytes]:
        """Parse the project; and how it is written for other workers."""
        arguments = ["--vars", json.dumps(variables)] if variables else []
        log = Log()
        outcome, looked = runner.parse(self.folders, arguments, log, self.dialect)
        if outcome.exception is not None or not outcome.success:
            raise _failed(outcome.exception, self.path, log.wrong) from outcome.exception
        parsed = Parsed.of(outcome.result, looked)
        return parsed, parsed.dump()

    def _variables_named(self) -> set[str]:
        """The environment's variables that the project's files name; dbt does not say at which ones it looked."""
        files = (file for suffix in ("sql", "yml", "yaml") for file in self.path.rglob(f"*.{suffix}"))
        return {name for file in files for name in _LOOK.findall(file.read_text(encoding="utf-8", errors="replace"))}

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


def _failed(exception: BaseException | None, project_dir: Path, wrong: Sequence[str] = ()) -> DbtFailed:
    text = str(exception).strip() if exception is not None else "dbt could not parse the project"
    text = "\n".join((text, *wrong))
    return DbtFailed(text, hint=meant_reference(text, project_dir), location=locate_parse_error(text, project_dir))


def _ignore(_event: object) -> None:
    """No event of dbt's is of interest."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
