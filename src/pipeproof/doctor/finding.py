"""What was looked at, and how it is."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        area: `versions`, `patches`, `workflow`, `network`, `folders`, `variables`, `project`.
        level: `ok`; `note`, to be known; `fault`, with which a run will not do what it says.
        text: How it is.
        advice: What to do.
    """

    area: str
    level: Level
    text: str
    advice: str | None = None
