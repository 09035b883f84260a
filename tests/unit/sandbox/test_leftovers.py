"""No process outlives the command that started it, however fast it forks; and where one does it is said."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pipeproof.sandbox import leftovers

_PRELUDE = """
    import ctypes, os, signal, threading, time
    def write():
        with open({there!r}, "a") as file: file.write("x")
    def leave():
        while not os.path.exists({there!r}): time.sleep(0.002)
        os._exit(0)
"""
_FORKS_AND_EXITS = """
    if os.fork(): leave()
    os.setsid()
    while True:
        write()
        if os.fork(): os._exit(0)
"""
_LEFT = {
    "forks and exits as fast as it can": _FORKS_AND_EXITS,
    "does so many times at once": "\n    for _ in range(4): os.fork()" + _FORKS_AND_EXITS,
    "is not dumpable": "\n    ctypes.CDLL(None).prctl(4, 0)" + _FORKS_AND_EXITS,
    "ends its first thread and goes on in another": """
    def go():
        while True: write()
    if os.fork(): leave()
    threading.Thread(target=go).start()
    ctypes.CDLL(None).syscall({exit_thread}, 0)
""",
    "ignores what can be ignored": """
    for number in range(1, 32):
        if number not in (signal.SIGKILL, signal.SIGSTOP): signal.signal(number, signal.SIG_IGN)
    if os.fork(): leave()
    os.setsid()
    while True: write()
""",
    "signals all that it can": """
    if os.fork(): leave()
    os.setsid()
    while True:
        write()
        if os.geteuid() == 54321: os.kill(-1, signal.SIGKILL)
""",
}
_SUPERVISOR = """
    import sys, time
    from pathlib import Path
    from pipeproof.sandbox.leftovers import User
    from pipeproof.sandbox.process import Cancellation, run_process, shield_supervisor
    shield_supervisor()
    uid, program, there = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    python = "/usr/bin/python3" if uid else sys.executable
    run_process((python, "-c", program), environment={"PATH": "/usr/bin"}, directory=Path("/"),
        on_output=lambda data: None, cancellation=Cancellation(), user=User(uid, uid) if uid else None)
    size = there.stat().st_size
    time.sleep(0.2)
    print(size > 0, there.stat().st_size == size)
"""
_EXIT = {"x86_64": 60, "aarch64": 93}  # exit(2) of one thread, whose number is the architecture's


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the process group is ended")
@pytest.mark.parametrize("uid", [0, 54321], ids=["same uid", "own uid"])
@pytest.mark.parametrize("kind", _LEFT)
def test_run_process__nothing_outlives_it(kind: str, uid: int, tmp_path: Path) -> None:
    """In a process of its own, for it ends all of its children."""
    if uid and not (os.geteuid() == 0 and Path("/usr/bin/python3").exists()):
        pytest.skip("only root can give another uid, which needs a Python outside of root's home")
    folder = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    folder.chmod(0o777)  # the other uid does not get into pytest's own folder
    there = folder / "written"
    program = textwrap.dedent(_PRELUDE + _LEFT[kind]).format(there=str(there), exit_thread=_EXIT[os.uname().machine])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_SUPERVISOR), str(uid), program, str(there)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["True", "True"], done.stderr
    there.unlink()
    folder.rmdir()


def test_end_leftovers__says_who_would_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run fails then: what such a process writes cannot be told from what the step says."""
    monkeypatch.setattr(leftovers, "_kill_all_of", lambda user: None)
    monkeypatch.setattr(leftovers, "_end_children", set)
    monkeypatch.setattr(leftovers, "_processes_of", lambda user: iter([os.getpid()]))
    name = Path("/proc/self/comm").read_text().strip()
    with pytest.raises(leftovers.LeftoversError, match=re.escape(f"could not be ended: {os.getpid()} ({name})")):
        leftovers.end_leftovers(None, leftovers.User(54321, 54321), patience=0)
