"""Lines out of pieces: what a process prints comes as bytes, and is judged by the line."""

from collections.abc import Callable

_LINE_LIMIT = 1 << 24
"""Bytes of a line that are held back to wait for its end."""


class Lines:
    """Puts bytes together to lines and hands each on, as text.

    Args:
        take: Takes a line, without its end; bytes that are no UTF-8 are replaced.
    """

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest: list[bytes] = []
        self._held = 0
        self.complaint = ""
        """The last line that speaks of an error."""

    def feed(self, data: bytes) -> None:
        """Take in bytes."""
        first, *others = data.split(b"\n")
        self._hold(first)
        for piece in others:
            self._release()
            self._hold(piece)
        if self._held > _LINE_LIMIT:
            self._release()

    def close(self) -> None:
        """Hand on what had no line end."""
        if self._held:
            self._release()

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._rest.append(piece)
            self._held += len(piece)

    def _release(self) -> None:
        line = b"".join(self._rest)
        self._rest, self._held = [], 0
        self._pass_on(line)

    def _pass_on(self, line: bytes) -> None:
        # Without NULs from the start: to take them out later would tell a secret that has some between its letters.
        text = line.decode("utf-8", "replace").replace("\0", "").removesuffix("\r")
        if "error:" in text.lower():
            self.complaint = text.strip()
        self._take(text)
