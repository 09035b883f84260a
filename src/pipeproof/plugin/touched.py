"""What is touched of pytest that it does not offer, why, and what is lost where it has changed."""

from pipeproof.patching import Library

PYTEST = Library("pytest", "pytest", "8.0.0")

RUNS = PYTEST.hook(
    "new tests are run once, as all others are",
    "_pytest.runner:runtestprotocol(item, log, nextitem)",
    fields=("_instance", "_obj"),
)
"""`new_tests`: a run of a test that is not logged, and the object of its class that pytest keeps for one run."""

TEXT = PYTEST.hook(
    "a failure's text loses the indentation of its first line",
    "_pytest._io:TerminalWriter(file)",
)
"""`tracebacks`: a failure as pytest prints it."""

ENTRIES = PYTEST.hook(
    "the frames of libraries in the traceback of a failed flow are not folded",
    "_pytest._code.code:ReprEntry(lines, reprfuncargs, reprlocals, reprfileloc, style)",
)
"""`folding`: a line that stands for some frames."""

RECORDS = PYTEST.hook(
    "what a failed flow has logged is shown as pytest shows it, twice",
    "_pytest.logging:caplog_records_key",
)
"""`prefect`: what was logged in a phase of a test."""

FIXTURES = PYTEST.hook(
    "what a test's own fixtures write to the Prefect server of the session stays after the test",
    "_pytest.fixtures:FuncFixtureInfo.name2fixturedefs",
    fields=("_fixtureinfo",),
)
"""`prefect`: which of a test's fixtures are its own, and not of a wider scope."""

FOLDERS = PYTEST.hook(
    "dbt's files lie in the system's folder for temporary files, and each worker parses the project by itself",
    "_pytest.tmpdir:TempPathFactory.mktemp(self, basename)",
    fields=("_tmp_path_factory",),
)
"""`dbt`: the folder of this run, where no fixture is at hand."""

SCOPES = PYTEST.hook(
    "shards keep the tests of each module together, whether or not they share a fixture",
    "_pytest.fixtures:FuncFixtureInfo.name2fixturedefs",
    fields=("_fixtureinfo",),
)
"""`sharding`: the scopes of a test's fixtures."""
