"""As whom a function's handler calls AWS: its own role, whose policy refuses what it does not allow."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeproof.cloudformation import TemplateError
from pipeproof.environments.aws.botocore_hooks import acting_as
from pipeproof.environments.aws.enforcement import Enforcement
from pipeproof.iam import Policy, PolicyError
from pipeproof.stepfunctions.definition.functions import TemplateFunction


class FunctionRole:
    """A function's role.

    Args:
        function: The function as its template has it, or None.
        policy: The role's policy where a test gives it: a document or its file.
        account: The account.
    """

    def __init__(self, function: TemplateFunction | None, policy: Any, account: str) -> None:
        self._enforcement: Enforcement | None = None
        found = Policy.load(policy) if policy is not None else _read_policy(function)
        if found is not None:
            self._enforcement = Enforcement(found, account, {})

    @contextmanager
    def assumed(self) -> Iterator[None]:
        """Lets the block call AWS as the role; where the role's policy is not known, as whoever calls now."""
        if self._enforcement is None:
            yield
            return
        with acting_as(self._enforcement.role_arn, self._enforcement):
            yield


def _read_policy(function: TemplateFunction | None) -> Policy | None:
    """Return the policy of the function's role, or None where the template does not tell it."""
    if function is None:
        return None
    try:
        return function.role_policy()
    except (PolicyError, TemplateError):
        return None
