"""The environment variables that a Lambda function's handler sees.

A function of a template has what Lambda gives each function, what the template gives this one, and of the process's own
variables those by which programs find their way on a machine; a variable that only the developer's shell has is not
there, as it is not there in AWS. A handler that a test names itself has the process's variables. Both have keys that
are not real. Source: the developer guide's page on environment variables.
"""

from collections.abc import Mapping

from pipeproof.environments.aws.configuration import stub_variables
from pipeproof.sandbox.confinement import is_confined, points_here
from pipeproof.stepfunctions.answers.context import TaskContext

_OF_THE_MACHINE = frozenset(
    {
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "NO_PROXY",
        "OS",
        "PATH",
        "PATHEXT",
        "SHELL",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "TMPDIR",
        "USER",
        "USERPROFILE",
        "VIRTUAL_ENV",
        "WINDIR",
        "no_proxy",
    }
)
_PREFIXES = ("COV_", "COVERAGE_", "LC_", "PIPEPROOF_", "PYTEST_", "PYTHON", "XDG_")
_CLOUDS: Mapping[str, str | None] = {
    "AZURE_CLIENT_ID": None,
    "AZURE_CLIENT_SECRET": None,
    "AZURE_FEDERATED_TOKEN_FILE": None,
    "AZURE_TENANT_ID": None,
    "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": None,
    "GOOGLE_APPLICATION_CREDENTIALS": None,
}


def process_variables(environment: Mapping[str, str], region: str) -> dict[str, str]:
    """Return the process's variables as a handler that a test names sees them."""
    if not is_confined():
        return dict(environment)
    changes = {**stub_variables(environment, region), **_CLOUDS}
    changes |= {name: value for name, value in environment.items() if _is_local_endpoint(name, value)}
    return {name: value for name, value in {**environment, **changes}.items() if value is not None}


def function_variables(
    environment: Mapping[str, str], region: str, context: TaskContext, handler: str, runtime: str, root: str
) -> dict[str, str]:
    """Return the variables that Lambda gives a function of a template, over those of the machine.

    Args:
        environment: The process's own.
        region: The region.
        context: The context of the invocation, which has the same names in it.
        handler: The function's Handler.
        runtime: Its Runtime.
        root: The folder of its code.
    """
    seen = process_variables(environment, region)
    kept = {name: value for name, value in seen.items() if _is_kept(name)}
    return {
        **kept,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": context.memory_limit_in_mb,
        "AWS_LAMBDA_FUNCTION_NAME": context.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": context.function_version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": context.log_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": context.log_stream_name,
        "AWS_REGION": region,
        "AWS_XRAY_SDK_ENABLED": "false",  # there is no daemon; it would patch botocore for the rest of the process
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": root,
        "TZ": ":UTC",
        "_HANDLER": handler,
    }


def _is_kept(name: str) -> bool:
    return name in _OF_THE_MACHINE or name.startswith(_PREFIXES) or name.startswith("AWS_")


def _is_local_endpoint(name: str, value: str) -> bool:
    """Return whether a variable sends calls to AWS to this machine, as the fixture `aws_server` does."""
    return name.startswith("AWS_ENDPOINT_URL") and points_here(value)
