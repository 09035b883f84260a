"""What can become of a statement beside rows: the service refuses it, it fails there, or it cannot be executed here."""

from pipeproof.errors import PipeproofError


class UntranslatableQueryError(PipeproofError):
    """A statement holds something that is not executed here as the service would.

    Attributes:
        what: The part of the statement.
        why: What is the matter with it; empty where it is only unknown.
        line: The line of the statement that it begins on, counting from 1; None where that is not known.
    """

    what: str = ""
    why: str = ""
    line: int | None = None


class RejectedError(Exception):
    """The service refuses the statement when it is sent; its words."""


class FailedError(Exception):
    """The statement is accepted, and fails; the service's words."""


def untranslatable(service: str, what: str, sql: str, start: int | None, why: str = "") -> UntranslatableQueryError:
    """Return the refusal of a part of a statement.

    Args:
        service: boto3's name of the service.
        what: The part, such as a function's name.
        sql: The statement.
        start: Where the part begins in it, counting from 0; None where that is not known.
        why: What is the matter with it, if there is more to say than that it is unknown.
    """
    line = "" if start is None else f", line {place(sql, start)[0]} of the statement"
    shown = " ".join(sql.split())
    shown = shown if len(shown) <= 200 else f"{shown[:200]}…"
    error = UntranslatableQueryError(
        f"{what}{line}: {why or f'it is not executed here as {service} would'}: {shown}",
        hint='Queue what the statement gives: aws.query_results([{"id": 1}], matching="from orders").',
    )
    error.what, error.why, error.line = what, why, None if start is None else place(sql, start)[0]
    return error


def place(sql: str, start: int) -> tuple[int, int]:
    """Line and column of a place in a statement, counting from 1."""
    before = sql[:start]
    return before.count("\n") + 1, start - (before.rfind("\n") + 1) + 1
