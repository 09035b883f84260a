"""Lines out of pieces: what a process prints comes as bytes, and is judged by the line."""

from collections.abc import Callable


class Lines:
    """Puts bytes together to lines and hands each on, as text.

    Args:
        take: Takes a line, without its end; bytes that are no UTF-8 are replaced.
    """

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._rest = b""
        self.complaint = ""
        """The last line that speaks of an error."""

    def feed(self, data: bytes) -> None:
        """Take in bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._pass_on(line)

    def close(self) -> None:
        """Hand on what had no line end."""
        if self._rest:
            self._pass_on(self._rest)
            self._rest = b""

    def _pass_on(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").removesuffix("\r")
        if "error:" in text.lower():
            self.complaint = text.strip()
        self._take(text)
