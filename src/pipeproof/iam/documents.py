"""Policy documents that a template gives its roles, before IAM's grammar is asked about them."""

from dataclasses import dataclass
from typing import Any

from pipeproof.errors import Location


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document, with or without the lines that it stands on.

    Args:
        content: The document; one that a file holds knows its lines.
        name: What reports call it.
        named_at: Where a template names it that does not write it out: AWS's managed policies, SAM's templates.
        generated: Whether its statements exist at `named_at` alone, as those of SAM's policy templates do.
    """

    content: Any
    name: str
    named_at: Location | None = None
    generated: bool = False


@dataclass(frozen=True, slots=True)
class RoleDocument:
    """All that a template says of what a role may do.

    Args:
        name: What reports call the policy.
        parts: The documents that allow and deny.
        boundary: The document that limits them.
        principal_arn: The role's ARN, where the template tells it.
        location: Where the role is declared.
    """

    name: str
    parts: tuple[Document, ...]
    boundary: Document | None
    principal_arn: str | None
    location: Location | None
