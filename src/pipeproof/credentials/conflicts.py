"""What does not go together among the inputs that ask for credentials."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipeproof.credentials.request import DatabaseLogin, OidcVariable, TokenExchange, parse_session_policy

if TYPE_CHECKING:
    from pipeproof.inputs import Inputs


def find_conflicts(inputs: "Inputs", project: Path) -> Iterator[str]:
    """Say what is wrong with inputs that are each well-formed: the input's name and what to do, one a problem."""
    if inputs.aws_role_to_assume and not inputs.aws_region:
        yield "aws-region: is needed with aws-role-to-assume, such as eu-central-1"
    if inputs.aws_session_policy:
        try:
            parse_session_policy(inputs.aws_session_policy, project)
        except ValueError as error:
            yield f"aws-session-policy: {error}"
    for name in ("aws_session_policy", "aws_chained_role", "rds_auth_token"):
        if getattr(inputs, name) and not inputs.aws_role_to_assume:
            yield f"{name.replace('_', '-')}: needs aws-role-to-assume, whose session it works on"
    if inputs.credentials_mode == "broker" and not inputs.aws_role_to_assume:
        yield "credentials-mode: 'broker' needs aws-role-to-assume, whose session it renews"
    if inputs.aws_chained_role and inputs.aws_role_duration_seconds > 3600:
        yield "aws-role-duration-seconds: is at most 3600 with aws-chained-role, which is AWS's limit"
    if inputs.gcp_service_account and not inputs.gcp_workload_identity_provider:
        yield "gcp-service-account: needs gcp-workload-identity-provider"
    if bool(inputs.azure_tenant_id) != bool(inputs.azure_client_id):
        yield "azure-tenant-id, azure-client-id: each needs the other"
    parts: tuple[DatabaseLogin | OidcVariable | TokenExchange, ...]
    parts = (*inputs.rds_auth_token, *inputs.oidc_tokens, *inputs.token_exchange)
    names = [part.variable for part in parts]
    for variable in sorted({variable for variable in names if names.count(variable) > 1}):
        yield f"oidc-tokens, token-exchange, rds-auth-token: set the variable {variable} more than once"
