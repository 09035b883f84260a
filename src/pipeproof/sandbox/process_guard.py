"""The network guard for whole processes: what the tests' process, and all that it starts, connects to.

Every call that names an address waits until a thread of the supervisor's has looked at it: this machine and what is
allowed passes, the rest fails with "Network is unreachable" (`seccomp`). So libraries with sockets of their own,
programs and addresses in figures are held as Python's sockets are. A test that is `live` tells the guard by a call that
nobody else sees: a connect to a socket that is not there.

What is looked at lies in the caller's memory, and another thread of it can change it before the kernel looks: it holds
code that does not race with it.
"""

import errno
import json
import os
import socket
import subprocess  # noqa: TC003 - an annotation
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Queue

from pipeproof.sandbox.addresses import find_target, read_addresses
from pipeproof.sandbox.guard_word import CLOSE, OPEN
from pipeproof.sandbox.leftovers import User
from pipeproof.sandbox.network_guard import Guard
from pipeproof.sandbox.seccomp import Call, Listener, SeccompError, become, read_descent, read_memory
from pipeproof.untrusted import read_text

_LOGGED = 1 << 20
"""Bytes of refusals that are written down."""

_FAMILY = int(socket.AF_UNIX).to_bytes(2, sys.byteorder)
_WORDS = {_FAMILY + OPEN: 1, _FAMILY + CLOSE: -1}


class ProcessGuard:
    """Judges the connections of one process and of all that it starts.

    Args:
        guard: Says what may be reached.
        may_open: Whether live tests may open it.
        user: Whom the process runs as; `None` is as this one.
        log: A descriptor; each refusal is written to it, one JSON object a line.
        on_lack: Told why nothing is judged, where the system has no such thing.
    """

    def __init__(
        self, guard: Guard, *, may_open: bool, user: User | None, log: int, on_lack: Callable[[str], None]
    ) -> None:
        self._guard = guard
        self._may_open = may_open
        self._user = user
        self._log = log
        self._logged = 0
        self._on_lack = on_lack
        self._opened: Counter[int] = Counter()
        self._servers = _read_name_servers()
        self._ended = threading.Event()

    def start(self, launch: Callable[[], "subprocess.Popen[bytes]"]) -> "subprocess.Popen[bytes]":
        """Start a process that is judged; what `launch` raises is raised.

        The thread that starts it waits for `end`: who asked for it is killed when the *thread* ends that is its parent.
        """
        started: Queue[subprocess.Popen[bytes] | BaseException] = Queue()
        lacks: list[str] = []

        def work() -> None:
            listener = None
            try:
                listener = Listener()
            except SeccompError as error:
                lacks.append(str(error))
            try:
                process = launch()
            except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
                started.put(error)
                return
            if listener and (lack := self._serve(listener, process.pid)):
                lacks.append(lack)
            started.put(process)
            self._ended.wait()

        threading.Thread(target=work, daemon=True).start()
        process = started.get()
        if isinstance(process, BaseException):
            raise process
        for lack in lacks:
            self._on_lack(lack)
        return process

    def end(self) -> None:
        """Let the threads go, once the last process is gone."""
        self._ended.set()

    def _serve(self, listener: Listener, process: int) -> str | None:
        """Judge each call in a thread of its own, as the user whose memory is looked at; give why not, if not."""
        reason: Queue[str | None] = Queue()

        def serve() -> None:
            if self._user:
                become(self._user.uid, self._user.gid)
            lack = None
            try:
                read_memory(process, 0, 0)
            except OSError as error:
                lack = f"the memory of the tests' process cannot be read: {error.strerror}"
            reason.put(lack)
            try:
                while not self._ended.is_set():
                    if call := listener.receive(1.0):
                        if lack:
                            listener.let_pass(call)
                        else:
                            self._answer(listener, call)
            except EOFError:  # the last process is gone
                pass
            finally:  # what still waits, and what comes, fails
                listener.close()

        threading.Thread(target=serve, daemon=True).start()
        return reason.get()

    def _answer(self, listener: Listener, call: Call) -> None:
        """Let a call pass, or fail it; what cannot be judged fails, for nobody else would ever answer it."""
        try:
            self._judge(listener, call)
        except Exception:  # noqa: BLE001 - who asks may be gone, or lead us anywhere
            listener.answer(call, errno.ENETUNREACH)

    def _judge(self, listener: Listener, call: Call) -> None:
        addresses = list(read_addresses(call))
        if call.name == "connect" and addresses[0] in _WORDS:
            if self._may_open and listener.waits(call):
                self._opened[read_descent(call.thread)[0]] += _WORDS[addresses[0]]
            listener.answer(call)
            return
        refused = [target for address in addresses if (target := self.find_refused(address, call.name))]
        if refused and not self._is_open_for(call.thread, refused[0]):
            listener.answer(call, errno.ENETUNREACH)
        else:
            listener.let_pass(call)

    def find_refused(self, address: bytes, call: str) -> str | None:
        """Return the host and port of an address that may not be reached; `None` of one that may."""
        target = find_target(address, call)
        if target is None:
            return None
        host, port = target
        if port is None:
            return host
        if self._guard.passes(host, port) and not self._asks_name_server(host, port):
            return None
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def _asks_name_server(self, host: str, port: int) -> bool:
        """Return whether it is the name server, which asks others: Docker's and systemd's are on loopback."""
        return host in self._servers and (port == 53 or host not in ("127.0.0.1", "::1"))

    def _is_open_for(self, thread: int, target: str) -> bool:
        """Return whether a live test, or what it started, asks; write down what is refused."""
        descent = read_descent(thread)
        if any(self._opened[number] > 0 for number in descent):
            return True
        line = json.dumps({"of": descent, "target": target, "program": _read_program(thread)}).encode() + b"\n"
        if self._logged + len(line) < _LOGGED:
            self._logged += len(line)
            os.write(self._log, line)
        return False


def _read_name_servers() -> frozenset[str]:
    with suppress(OSError):
        lines = [line.split() for line in read_text(Path("/etc/resolv.conf")).splitlines()]
        return frozenset(words[1] for words in lines if words[:1] == ["nameserver"] and len(words) > 1)
    return frozenset()


def _read_program(thread: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{thread}/comm").read_text("utf-8", "replace").strip()
    return "?"
