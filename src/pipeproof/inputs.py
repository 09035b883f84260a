"""The inputs: the action's `INPUT_*` variables or the command line's flags become one frozen, typed value.

Each input is one field of [Inputs][]: its name, default, help and parser stand together, and `action.yml`, the flags
and the README's table are held to it by a test. A parser takes the text that the user wrote and raises `ValueError`
with the reason where it is wrong; [read_inputs][] gathers the reasons of all inputs into one error.
"""

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pipeproof.credentials import request
from pipeproof.credentials.conflicts import find_conflicts
from pipeproof.errors import InputError

T = TypeVar("T")


def words(text: str) -> tuple[str, ...]:
    """Split a list as the action's users write one: at blanks and new lines, save in an item that stands in quotes."""
    found = re.finditer(r"""(["'])(?P<quoted>.+?)\1(?!\S)|(?P<plain>\S+)""", text)
    return tuple(match["quoted"] or match["plain"] for match in found)


def arguments(text: str) -> tuple[str, ...]:
    """Split a command line as a shell would."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError(f"{error} (it is split as a shell would)") from None


def text(value: str) -> str:
    """Take the value as it is, without blanks around it."""
    return value.strip()


def optional_path(value: str) -> str | None:
    """Take a path; nothing is `None`."""
    return value.strip() or None


def boolean(value: str) -> bool:
    """Read a boolean as YAML 1.2's core schema does, the one that GitHub's toolkit reads inputs by."""
    allowed = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
    if value.strip() not in allowed:
        raise ValueError("allowed: true, false")
    return allowed[value.strip()]


def one_of(*allowed: str) -> Callable[[str], str]:
    """Make a parser that takes one of a few words."""

    def parse(value: str) -> str:
        if value.strip() not in allowed:
            raise ValueError(f"allowed: {', '.join(allowed)}")
        return value.strip()

    return parse


def whole_number(value: str) -> int:
    """Read a whole number of 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}", value.strip()):
        raise ValueError("allowed: a whole number of 0 or more")
    return int(value)


def seconds(value: str) -> float:
    """Read a number of seconds, 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", value.strip()):
        raise ValueError("allowed: a number of seconds, 0 for none")
    return float(value)


def worker_count(value: str) -> int | None:
    """Read a number of processes; `auto` is `None`: as many as pytest-xdist finds right."""
    if value.strip() == "auto":
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}", value.strip()):
        raise ValueError("allowed: a whole number of 1 or more, or auto")
    return int(value)


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a suite that several jobs share: number `index`, from 1, of `total`."""

    index: int
    total: int

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"


def shard(value: str) -> Shard | None:
    """Read `2/5`; nothing is `None`: the whole suite."""
    if not value.strip():
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", value.strip())
    if not match or int(match[1]) > int(match[2]):
        raise ValueError("allowed: INDEX/TOTAL with 1 ≤ INDEX ≤ TOTAL, as in 2/5")
    return Shard(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Install:
    """How the project's requirements are installed: `none`, `auto`, or by the arguments of `uv pip install`."""

    mode: str
    arguments: tuple[str, ...] = ()


def install(value: str) -> Install:
    """Read `none`, `auto` or arguments of `uv pip install`."""
    if value.strip() in {"none", "auto"}:
        return Install(value.strip())
    split = arguments(value)
    if not split:
        raise ValueError("allowed: none, auto, or arguments of `uv pip install`")
    meant = get_close_matches(value.strip().lower(), ["none", "auto"], 1, 0.8)
    if meant:  # a slip must not install a stranger's package
        raise ValueError(f"allowed: none, auto, or arguments of `uv pip install`; did you mean {meant[0]}?")
    return Install("arguments", split)


def one_line(value: str) -> str:
    """Take a text of one line that is not empty."""
    if not value.strip() or len(value.strip().splitlines()) > 1:
        raise ValueError("allowed: one line of text")
    return value.strip()


def schema_prefix(value: str) -> str:
    """Take the first part of a schema's name: what every warehouse takes without quotes, and short."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,23}", value.strip()):
        raise ValueError("allowed: a lower-case letter, then at most 23 of a-z, 0-9 and _")
    return value.strip()


def prefect_database(value: str) -> str:
    """Take `sqlite` or the URL of a PostgreSQL server in SQLAlchemy's form for asyncpg."""
    if value.strip() != "sqlite" and not value.strip().startswith("postgresql+asyncpg://"):
        raise ValueError("allowed: sqlite, or a URL that starts with postgresql+asyncpg://")
    return value.strip()


def optional(parse: Callable[[str], T]) -> Callable[[str], T | None]:
    """Make a parser that takes nothing for `None`, and passes on what is there without the blanks around it."""
    return lambda value: parse(value.strip()) if value.strip() else None


def _input(default: str, parse: Callable[[str], T], help: str, shown_default: str | None = None) -> T:  # noqa: A002
    """Declare one input. The default is written as a user would, and goes through the parser like anything else."""
    metadata = {"default": default, "parse": parse, "help": help, "shown_default": shown_default or default}
    value: T = field(default=parse(default), metadata=metadata)
    return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What the user asked for."""

    tests: tuple[str, ...] = _input(
        "", words, "Paths or node ids of the tests; quotes around one with a blank", "pytest's own `testpaths`"
    )
    pytest_args: tuple[str, ...] = _input("", arguments, "Further arguments of pytest, split as a shell would")
    working_directory: str = _input(".", text, "The project, below the workspace")
    install: Install = _input(
        "auto",
        install,
        "The project's own requirements: `none`, `auto` (`uv.lock`, else `requirements-test.txt`, else "
        "`requirements.txt`, else `pyproject.toml` with its `test` extra or group), or arguments of `uv pip install`",
    )
    workers: int | None = _input("1", worker_count, "pytest-xdist processes, a number or `auto`")
    shard: Shard | None = _input(
        "",
        shard,
        "`2/5`: run the second of five parts of the suite, balanced by the durations in `baseline` where it is given",
    )
    reruns: int = _input(
        "0",
        whole_number,
        "Run a failed test again up to so often; a test that then passes is flaky, not passed",
    )
    test_timeout: float = _input("0", seconds, "Seconds for one test; 0 is none")
    network: str = _input(
        "auto",
        one_of("auto", "loopback", "open"),
        "`loopback`: tests reach nothing but this machine; `open`; `auto`: loopback, save for tests marked `live`",
    )
    aws_role_to_assume: request.Role | None = _input(
        "", optional(request.parse_role), "The role's ARN, assumed with the workflow's OIDC token"
    )
    aws_region: str | None = _input("", optional(request.parse_region), "The region of the role's session")
    aws_role_session_name: str | None = _input(
        "",
        optional(request.parse_session_name),
        r"2 to 64 of `[\w+=,.@-]`",
        "`gh-<run id>-<attempt>-<job>`",
    )
    aws_role_duration_seconds: int = _input("3600", request.parse_duration, "900 to 43200")
    aws_session_policy: str | None = _input(
        "", optional_path, "Inline JSON, or a file's path: the session can do no more than this"
    )
    aws_allowed_account_ids: frozenset[str] = _input(
        "", request.parse_account_ids, "Refuse, before anything is injected, a role of another account"
    )
    aws_audience: str = _input("sts.amazonaws.com", one_line, "The audience of the ID token for AWS")
    aws_sts_endpoint: str | None = _input(
        "",
        optional(request.parse_endpoint),
        "For VPC endpoints, GovCloud and tests; never taken from the environment",
        "the region's",
    )
    aws_chained_role: request.Role | None = _input(
        "", optional(request.parse_role), "A second role, assumed from the first"
    )
    credentials_mode: request.Mode = _input(
        "env",
        request.parse_mode,
        "`env`: static variables; `broker`: a loopback endpoint that renews them, for runs longer than the session",
    )
    oidc_tokens: tuple[request.OidcVariable, ...] = _input(
        "",
        request.parse_oidc_variables,
        "Lines `VARIABLE=audience`: put an ID token in that variable (Snowflake workload identity, for one)",
    )
    token_exchange: tuple[request.TokenExchange, ...] = _input(
        "",
        request.parse_exchanges,
        "Lines `VARIABLE=token-endpoint audience=… [client_id=…] [scope=…]`: RFC 8693 exchange (Databricks and others)",
    )
    rds_auth_token: tuple[request.DatabaseLogin, ...] = _input(
        "",
        request.parse_database_logins,
        "Lines `VARIABLE=user@host:port`: an IAM database token, e.g. for dbt-postgres",
    )
    gcp_workload_identity_provider: str | None = _input(
        "",
        optional(request.parse_google_provider),
        "Google: an `external_account` file outside the workspace, `GOOGLE_APPLICATION_CREDENTIALS`",
    )
    gcp_service_account: str | None = _input(
        "", optional(request.parse_service_account), "Google: the service account to act as"
    )
    azure_tenant_id: str | None = _input(
        "",
        optional(request.parse_azure_id),
        "Azure: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_FEDERATED_TOKEN_FILE`",
    )
    azure_client_id: str | None = _input("", optional(request.parse_azure_id), "Azure: the application's client id")
    dbt_project_dir: str | None = _input("", optional_path, "The folder of `dbt_project.yml`", "found")
    dbt_target: str = _input(
        "embedded", one_line, "`embedded` (DuckDB, no profile needed) or a target of the project's profile"
    )
    dbt_schema_prefix: str = _input("pipeproof", schema_prefix, "The first part of every test schema")
    prefect_database: str = _input("sqlite", prefect_database, "`sqlite` or a `postgresql+asyncpg://` URL")
    report_dir: str = _input("pipeproof-report", one_line, "Where the report's files are written, below the workspace")
    title: str = _input("Pipeline tests", one_line, "The heading of the summary")
    annotations: str = _input(
        "failures",
        one_of("failures", "all", "none"),
        "`failures`, `all` (skips, flaky tests and warnings too) or `none`",
    )
    summary: str = _input(
        "always", one_of("always", "on-failure", "never"), "The job summary: `always`, `on-failure` or `never`"
    )
    baseline: str | None = _input(
        "",
        optional_path,
        "An earlier run's `report.json`, or a folder of them: newly failing, fixed, newly flaky, slower",
    )
    fail_on: str = _input(
        "failures",
        one_of("failures", "regressions", "never"),
        "`failures`; `regressions` (newly failing against `baseline`); `never`",
    )
    allow_empty: bool = _input("false", boolean, "A run that collects no test passes")


def input_name(declared: "Field[Any]") -> str:
    """Give an input's public name: the field's, in kebab-case."""
    return declared.name.replace("_", "-")


def declared_inputs() -> Iterator["Field[Any]"]:
    """Give the declaration of each input, in the order of the documentation."""
    yield from fields(Inputs)


def action_values(environ: Mapping[str, str]) -> dict[str, str]:
    """Take the inputs' texts from the runner's environment.

    The runner puts each input into `INPUT_` and its name in upper case, with hyphens kept (actions/runner,
    `ContainerActionHandler`); an input that is not given has its default from `action.yml`.
    """
    names = (input_name(declared) for declared in declared_inputs())
    return {name: environ[key] for name in names if (key := f"INPUT_{name.upper()}") in environ}


def read_inputs(values: Mapping[str, str], workspace: Path) -> Inputs:
    """Parse the texts of the inputs, by their public names; what is not there or empty has its default.

    Raises:
        InputError: with every problem of every input, one a line.
    """
    parsed: dict[str, Any] = {}
    problems: list[str] = []
    for declared in declared_inputs():
        name = input_name(declared)
        value = values.get(name, "")
        if not value.strip():
            continue
        try:
            parsed[declared.name] = declared.metadata["parse"](value)
        except ValueError as error:
            problems.append(f"{name}: {value!r} is not valid; {error}")
    inputs = Inputs(**parsed)
    problems.extend(_problems_between(inputs, workspace))
    if problems:
        raise InputError("\n".join(problems))
    return inputs


def _problems_between(inputs: Inputs, workspace: Path) -> Iterator[str]:
    """Find what is wrong with inputs that are each well-formed."""
    root = workspace.resolve()
    for name, value in (("working-directory", inputs.working_directory), ("report-dir", inputs.report_dir)):
        if not _lies_below(root, value):
            yield f"{name}: {value!r} leaves the workspace {workspace}; give a path below it"
    project = root / inputs.working_directory
    if not _is(Path.is_dir, project):
        yield f"working-directory: {inputs.working_directory!r} is no folder of the workspace {workspace}"
    if inputs.fail_on == "regressions" and not inputs.baseline:
        yield "fail-on: 'regressions' needs `baseline`, the earlier run to compare with"
    if inputs.baseline and not _is(Path.exists, project / inputs.baseline):
        yield f"baseline: {inputs.baseline!r} does not exist (looked in {project})"
    yield from find_conflicts(inputs, project)
    if inputs.dbt_project_dir and not _is(Path.is_file, project / inputs.dbt_project_dir / "dbt_project.yml"):
        yield f"dbt-project-dir: {inputs.dbt_project_dir!r} has no dbt_project.yml (looked in {project})"


def _lies_below(root: Path, value: str) -> bool:
    try:
        written, real = Path(os.path.normpath(root / value)), (root / value).resolve()
        return written.is_relative_to(root) and real.is_relative_to(root)
    except (OSError, ValueError, RuntimeError):  # a loop of links, a name that no file can have
        return False


def _is(kind: Callable[[Path], bool], path: Path) -> bool:
    """Ask of a path that a user wrote; one that cannot even be looked up is nothing."""
    try:
        return kind(path)
    except (OSError, ValueError):
        return False


def default_text(declared: "Field[Any]") -> str:
    """Give an input's default as a user would write it."""
    assert declared.default is not MISSING  # noqa: S101 - every input has one
    return str(declared.metadata["default"])
