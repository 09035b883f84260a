"""Whether the values of options are what the options can have: words of a list, numbers that are not negative."""

from collections.abc import Sequence
from typing import Any

from pipeproof.stepfunctions.errors import MachineOptionError
from pipeproof.text import closest


def read_word(option: str, value: Any, words: Sequence[str]) -> str:
    """Return an option's value that is one word of a list, in upper case.

    Args:
        option: The option's name.
        value: What was given, in either case.
        words: Those that it can be.

    Raises:
        MachineOptionError: It is none of them.
    """
    word = value.upper() if isinstance(value, str) else value
    if word in words:
        return str(word)
    close = closest(str(word), words)
    meant = f"; did you mean {close!r}?" if close else ""
    raise MachineOptionError(f"{option} cannot be {value!r}", hint=f"it is {' or '.join(words)}{meant}")


def check_limit(option: str, value: Any, *, whole: bool = True) -> None:
    """Refuses a limit that is no positive number; None is no limit.

    Args:
        option: The option's name.
        value: What was given.
        whole: It counts something.

    Raises:
        MachineOptionError: It is none.
    """
    if value is not None and not (_is_number(value, whole=whole) and value > 0):
        kind = "a positive whole number" if whole else "a positive number of seconds"
        raise MachineOptionError(f"{option} cannot be {value!r}", hint=f"it is {kind}, or None for no limit")


def check_amount(option: str, value: Any, *, whole: bool = False) -> None:
    """Refuses an amount that is negative, or no number.

    Args:
        option: The option's name.
        value: What was given.
        whole: It counts something, where it is not seconds.

    Raises:
        MachineOptionError: It is such.
    """
    if not (_is_number(value, whole=whole) and 0 <= value < float("inf")):
        kind = "a whole number" if whole else "a number of seconds"
        raise MachineOptionError(f"{option} cannot be {value!r}", hint=f"it is {kind}, from 0")


def _is_number(value: Any, *, whole: bool) -> bool:
    return isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
