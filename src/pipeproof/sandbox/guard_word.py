"""What a process of the tests says to the guard of processes, and hears of it."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeproof import environ
from pipeproof.variables import REFUSALS

OPEN, CLOSE = b"\0pipeproof/network/open", b"\0pipeproof/network/close"
"""Abstract addresses (unix(7)) of no socket: to connect there tells the guard, and nobody else, of a live test."""


@contextmanager
def processes_opened() -> Iterator[None]:
    """Let pass what this process, and what it starts, connects to in the block; without a guard nothing is done."""
    _connect_to(OPEN)
    try:
        yield
    finally:
        _connect_to(CLOSE)


def _connect_to(address: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.connect(address)


class Refusals:
    """What the guard of processes has refused to this process and to what it started.

    Args:
        log: The file that the supervisor writes; `None` is none.
    """

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._read = 0

    @classmethod
    def of_this_process(cls) -> "Refusals":
        """Return those of the supervisor's file, where there is a supervisor that judges connections."""
        name = environ.get(REFUSALS)
        return cls(Path(name) if name and Path(name).exists() else None)

    def take(self) -> list[str]:
        """Return what has been refused since the last time: targets, and which program asked."""
        if self._log is None:
            return []
        try:
            with self._log.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except OSError:
            return []
        data = data[: data.rfind(b"\n") + 1]  # a line that is still being written is read the next time
        self._read += len(data)
        records = [json.loads(line) for line in data.splitlines()]
        return [f"{record['target']} (to {record['program']})" for record in records if os.getpid() in record["of"]]
