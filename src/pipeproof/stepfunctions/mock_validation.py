"""Mocked results checked against botocore's models of the services."""

from typing import Any

from pipeproof.stepfunctions.resources import Resource


def check_result(resource: Resource, value: Any, mode: str) -> None:
    """Checks one result."""
