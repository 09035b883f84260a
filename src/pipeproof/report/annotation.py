"""One annotation, as outlets write it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message on a line; without a file it stands on the run's page alone.

    `level` is `error`, `warning` or `notice`.
    """

    level: str
    title: str
    message: str
    file: str | None = None
    line: int | None = None
