"""The inputs' declarations: each is one field of [Inputs][], its name, default, help and parser standing together.

`action.yml`, the flags and docs/reference/action.md are held to them by a test.
"""

from collections.abc import Callable, Iterator
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

from pipeproof import variables
from pipeproof.credentials import request
from pipeproof.inputs.parsers import (
    Install,
    Shard,
    arguments,
    boolean,
    install,
    optional,
    optional_path,
    seconds,
    shard,
    text,
    thresholds,
    whole_number,
    words,
    worker_count,
)
from pipeproof.variables import host_list, one_line, one_of, optional_text

T = TypeVar("T")


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
        "`2/5`: run the second of five parts of the suite; a later job puts the parts together by `merge`",
    )
    durations: str | None = _input(
        "",
        optional_path,
        "An earlier run's `report.json`, or a folder of them, to balance the shards by; each needs the same one",
        "`baseline`, where it is a file",
    )
    merge: tuple[str, ...] = _input(
        "",
        words,
        "Folders with the reports of all shards: run no test, report on them as on one run",
    )
    reruns: int = _input(
        "0",
        whole_number,
        "Run a failed test again up to so often; a test that then passes is flaky, not passed",
    )
    early_flake_detection: int = _input(
        "0",
        whole_number,
        "Run a test that `baseline` does not know up to so often more; it is flaky where the runs differ",
    )
    test_timeout: float = _input("0", seconds, "Seconds for one test; 0 is none")
    network: str = _input(
        "auto",
        one_of("auto", "loopback", "open"),
        "`loopback`: tests reach nothing but this machine; `open`; `auto`: loopback, save for tests marked `live`",
    )
    network_allow: tuple[str, ...] = _input(
        "",
        host_list,
        "Hosts, `name` or `name:port`, that every test may reach; the job's service containers are among them anyway",
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
    aws_role_external_id: str | None = _input(
        "", optional(request.parse_external_id), "The external id that the trust policy of `aws-chained-role` asks for"
    )
    aws_managed_session_policies: tuple[str, ...] = _input(
        "",
        request.parse_managed_policies,
        "ARNs of up to ten managed policies of AWS's or of the role's account: the session can do no more than these "
        "together with `aws-session-policy` say",
    )
    aws_web_identity_token_file: str | None = _input(
        "",
        optional_path,
        "A file outside the workspace that holds an ID token (Kubernetes, EKS), instead of the workflow's own",
    )
    id_token_variables: tuple[str, ...] = _input(
        "GITLAB_OIDC_TOKEN",
        request.parse_variable_names,
        "GitLab: the variables of the job's `id_tokens`; that with the audience of a service is sent to it",
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
        variables.DBT_TARGET.default,
        variables.DBT_TARGET.parse,
        variables.DBT_TARGET.meaning,
    )
    dbt_schema_prefix: str = _input(
        variables.DBT_SCHEMA_PREFIX.default, variables.DBT_SCHEMA_PREFIX.parse, variables.DBT_SCHEMA_PREFIX.meaning
    )
    dbt_dialect: str = _input(variables.DBT_DIALECT.default, variables.DBT_DIALECT.parse, variables.DBT_DIALECT.meaning)
    prefect_database: str = _input(
        variables.PREFECT_DATABASE.default, variables.PREFECT_DATABASE.parse, variables.PREFECT_DATABASE.meaning
    )
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
        "An earlier run's `report.json`, or a folder of them: newly failing, fixed, newly flaky, slower. `auto`: the "
        "base branch's last, from this workflow's artifacts `pipeproof-report*` (`auto:NAMES` for others)",
    )
    history: str | None = _input(
        "",
        optional_path,
        "A folder of earlier runs' `report.json`: how often tests flaked and failed, since which commit, and what is "
        "slower",
    )
    fail_on: str = _input(
        "failures",
        one_of("failures", "regressions", "new-flaky", "never"),
        "`failures`; `regressions` (newly failing against `baseline`); `new-flaky` (failures, and tests that are newly "
        "flaky against `baseline`); `never`",
    )
    quarantine: str | None = _input(
        "",
        optional_path,
        "A file of the repository: tests that may fail until a date. Of a pull request it is the base branch's, "
        "for which `github-token` is needed",
    )
    github_token: str | None = _input(
        "",
        optional_text,
        "The workflow's `github.token`: to read the base branch's quarantine (`contents: read`), to find a baseline "
        "(`actions: read`) and to comment (`pull-requests: write`)",
    )
    pr_comment: str = _input(
        "never",
        one_of("always", "on-failure", "never"),
        "One comment on the pull request, edited in place: `always`; `on-failure` (edited whatever comes after); "
        "`never`",
    )
    fail_under: tuple[tuple[str, float], ...] = _input(
        "",
        thresholds("states", "branches", "models", "columns", "tests"),
        "`states=80 branches=70 models=90`: fail where less percent of the state machines' states and branches, or of "
        "the dbt project's models, columns and tests, was exercised",
    )
    allow_empty: bool = _input("false", boolean, "A run that collects no test passes")


def input_name(declared: "Field[Any]") -> str:
    """Give an input's public name: the field's, in kebab-case."""
    return declared.name.replace("_", "-")


def declared_inputs() -> Iterator["Field[Any]"]:
    """Give the declaration of each input, in the order of the documentation."""
    yield from fields(Inputs)
