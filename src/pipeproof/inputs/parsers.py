"""Parsers of the inputs: each takes the text that the user wrote and raises `ValueError` with what is wrong."""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pipeproof.text import closest

T = TypeVar("T")


def words(text: str) -> tuple[str, ...]:
    """Split a list as the action's users write one: at blanks and new lines, save in an item that stands in quotes."""
    found = re.finditer(r"""(["'])(?P<quoted>.+?)\1(?!\S)|(?P<plain>\S+)""", text)
    return tuple(match["quoted"] or match["plain"] for match in found)


def arguments(text: str) -> tuple[str, ...]:
    """Split a command line as a shell would."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise ValueError(f"{error} (it is split as a shell would)") from None


def text(value: str) -> str:
    """Take the value as it is, without blanks around it."""
    return value.strip()


def optional_path(value: str) -> str | None:
    """Take a path; nothing is `None`."""
    return value.strip() or None


def boolean(value: str) -> bool:
    """Read a boolean as YAML 1.2's core schema does, the one that GitHub's toolkit reads inputs by."""
    allowed = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
    if value.strip() not in allowed:
        raise ValueError("allowed: true, false")
    return allowed[value.strip()]


def whole_number(value: str) -> int:
    """Read a whole number of 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}", value.strip()):
        raise ValueError("allowed: a whole number of 0 or more")
    return int(value)


def seconds(value: str) -> float:
    """Read a number of seconds, 0 or more."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", value.strip()):
        raise ValueError("allowed: a number of seconds, 0 for none")
    return float(value)


def worker_count(value: str) -> int | None:
    """Read a number of processes; `auto` is `None`: as many as pytest-xdist finds right."""
    if value.strip() == "auto":
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}", value.strip()):
        raise ValueError("allowed: a whole number of 1 or more, or auto")
    return int(value)


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a suite that several jobs share: number `index`, from 1, of `total`."""

    index: int
    total: int

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"


def shard(value: str) -> Shard | None:
    """Read `2/5`; nothing is `None`: the whole suite."""
    if not value.strip():
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", value.strip())
    if not match or int(match[1]) > int(match[2]):
        raise ValueError("allowed: INDEX/TOTAL with 1 ≤ INDEX ≤ TOTAL, as in 2/5")
    return Shard(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class Install:
    """How the project's requirements are installed: `none`, `auto`, or by the arguments of `uv pip install`."""

    mode: str
    arguments: tuple[str, ...] = ()


def install(value: str) -> Install:
    """Read `none`, `auto` or arguments of `uv pip install`."""
    if value.strip() in {"none", "auto"}:
        return Install(value.strip())
    split = arguments(value)
    if not split:
        raise ValueError("allowed: none, auto, or arguments of `uv pip install`")
    meant = closest(value.strip().lower(), ["none", "auto"], cutoff=0.8)
    if meant:  # a slip must not install a stranger's package
        raise ValueError(f"allowed: none, auto, or arguments of `uv pip install`; did you mean {meant}?")
    return Install("arguments", split)


def optional(parse: Callable[[str], T]) -> Callable[[str], T | None]:
    """Make a parser that takes nothing for `None`, and passes on what is there without the blanks around it."""
    return lambda value: parse(value.strip()) if value.strip() else None


def artifact_pattern(baseline: str | None) -> str | None:
    """Return the names of artifacts that a baseline of `auto` or `auto:NAMES` means; None for a path."""
    if baseline == "auto":
        return "pipeproof-report*"
    return baseline.removeprefix("auto:") if baseline and baseline.startswith("auto:") else None


def thresholds(*names: str) -> Callable[[str], tuple[tuple[str, float], ...]]:
    """Make a parser of `NAME=PERCENT`, any number of them, each name once."""

    def parse(value: str) -> tuple[tuple[str, float], ...]:
        found: dict[str, float] = {}
        for word in words(value):
            name, _, percent = word.partition("=")
            if name not in names:
                meant = closest(name, names)
                hint = f"; did you mean {meant}?" if meant else ""
                raise ValueError(f"allowed: NAME=PERCENT with a NAME of {', '.join(names)}{hint}")
            if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", percent) or float(percent) > 100:
                raise ValueError(f"{word}: allowed is a PERCENT from 0 to 100, as in {name}=80")
            if name in found:
                raise ValueError(f"{name} stands here twice")
            found[name] = float(percent)
        return tuple(found.items())

    return parse
