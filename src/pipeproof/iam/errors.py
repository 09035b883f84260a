"""What can be wrong with a policy."""

from pipeproof.errors import PipeproofError


class PolicyError(PipeproofError):
    """A policy cannot be read, or IAM would not take it."""


class ConditionKeyError(PipeproofError):
    """A policy's answer hangs on a condition key that nothing here can tell."""
