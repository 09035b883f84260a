"""Values that stand for others: the same for the same wherever it stands, so that what joined joins still.

Made with a secret key, without which nobody can find the value behind a pseudonym by trying all that there may be.
Whole numbers are mapped one to one (a Feistel network, walked until it stays in the range), so that a key stays unique.
"""

import hmac
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

_BITS = (7, 15, 31, 63, 127)
"""How many bits whole numbers of a database's types have, without their sign: a number stays in its own range."""

_ROUNDS = 6
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WHOLE = re.compile(r"[1-9][0-9]{0,37}|0")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Pseudonyms:
    """Stand-ins for values.

    Args:
        key: A secret; another one makes other pseudonyms.
    """

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def hide(self, value: Any) -> Any:
        """Return what stands for a value: a pseudonym of its kind, the beginning of its year, or None.

        None stands for what has no pseudonym of its kind: broken numbers, times of day, bytes, lists, structs and JSON.
        """
        if isinstance(value, bool):
            return None
        if isinstance(value, int):
            return self._number(value)
        if isinstance(value, Decimal):
            return Decimal(self._number(int(value))) if value == value.to_integral_value() else None
        if isinstance(value, float):
            return float(self._number(int(value))) if value.is_integer() and abs(value) < 1 << 31 else None
        if isinstance(value, datetime):
            return value.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
        if isinstance(value, date):
            return value.replace(month=1, day=1)
        if isinstance(value, UUID):
            return UUID(bytes=self._digest(str(value))[:16])
        return self._text(value) if isinstance(value, str) else None

    def _text(self, value: str) -> str:
        """Return what stands for a text; a whole number, as text, is what it is as a number, as such are joined too."""
        if not value.strip():
            return value
        if _WHOLE.fullmatch(value):
            return str(self._number(int(value)))
        digest = self._digest(value)
        if _UUID.fullmatch(value):
            return str(UUID(bytes=self._digest(value.lower())[:16]))
        word = "".join(_LETTERS[byte % 26] for byte in digest[:10])
        return f"{word}@example.com" if _EMAIL.fullmatch(value) else word

    def _number(self, value: int) -> int:
        """Return the number that stands for one: another for each, of the same sign and in the same range."""
        size = value if value >= 0 else -value - 1
        above = next((at for at, bits in enumerate(_BITS) if size < 1 << bits), len(_BITS) - 1)
        low = 1 << _BITS[above - 1] if above else 0
        bits = _BITS[above] + 1
        while True:
            size = self._swap(size, bits // 2)
            if low <= size < 1 << _BITS[above]:
                return size if value >= 0 else -size - 1

    def _swap(self, value: int, half: int) -> int:
        """Map a number of two halves one to one."""
        mask = (1 << half) - 1
        left, right = value >> half, value & mask
        for turn in range(_ROUNDS):
            digest = self._digest(f"{half} {turn} {right}")
            left, right = right, left ^ (int.from_bytes(digest[:8], "big") & mask)
        return left << half | right

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")
