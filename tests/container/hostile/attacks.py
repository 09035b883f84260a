"""What a hostile suite tries inside the image. Each test is an attack, and passes where the attack fails."""

import base64
import ctypes
import errno
import json
import os
import socket
import struct
import subprocess
import sys
import textwrap
import time
import urllib.parse
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

SECRET = b"runner-request-" + b"token"  # in two pieces: this file must not hold what it looks for
FILE_COMMANDS = Path("/github/file_commands")
PTRACE_ATTACH = 16


def readable(path):
    try:
        with Path(path).open("rb") as file:
            return file.read(1 << 20)
    except OSError:
        return b""


def processes():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def test_the_request_token_is_not_in_the_environment():
    assert not [name for name in os.environ if name.startswith(("ACTIONS_", "INPUT_", "GITHUB_ENV", "GITHUB_OUTPUT"))]
    assert SECRET not in repr(os.environ).encode()


def test_the_request_token_is_in_no_readable_environment():
    assert not [number for number in processes() if SECRET in readable(f"/proc/{number}/environ")]


def test_the_request_token_is_in_no_readable_file():
    roots = ("/github", "/tmp", "/run", "/var/tmp", "/etc", "/opt/pipeproof/bin", "/dev/shm")
    files = [Path(folder, name) for root in roots for folder, _, names in os.walk(root) for name in names]
    # This file is compiled into the workspace, its constants put together.
    assert not [file for file in files if file.is_file() and file.suffix != ".pyc" and SECRET in readable(file)]


def test_the_supervisor_cannot_be_traced():
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.ptrace(PTRACE_ATTACH, os.getppid(), None, None) == -1


@pytest.mark.parametrize("name", ["mem", "environ", "maps", "fd/1"])
def test_the_supervisor_s_memory_cannot_be_read(name):
    with pytest.raises(PermissionError):
        Path(f"/proc/{os.getppid()}/{name}").read_bytes()


def test_the_uid_is_not_root_and_cannot_become_it():
    assert os.getuid() != 0
    assert os.geteuid() != 0
    with pytest.raises(PermissionError):
        os.setuid(0)


def test_there_are_no_supplementary_groups():
    assert set(os.getgroups()) <= {os.getgid()}
    with pytest.raises(PermissionError):
        os.setgroups([0])


def test_the_docker_socket_cannot_be_reached():
    """The container test puts a socket there, as the runner does: of root's, for a group that the tests are not in."""
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(PermissionError):
        client.connect("/run/docker.sock")


def test_file_commands_can_be_guessed_and_written():
    """They belong to the workspace's owner, so this succeeds for now: the container test sees that nothing stays."""
    for file in FILE_COMMANDS.iterdir():
        file.write_text("EVIL=now\n")
    (FILE_COMMANDS / "github_env_5b1c").unlink()
    (FILE_COMMANDS / "github_env_5b1c").symlink_to("/github/workspace/elsewhere")


@pytest.mark.parametrize("name", ["_runner_file_commands", "_github_home", "_github_workflow"])
def test_the_runner_s_folders_cannot_be_moved_away(name):
    """The runner mounts what holds them as well, and looks them up there by their names."""
    folder = Path("/github/runner_temp") / name
    assert folder.is_dir()
    with pytest.raises(PermissionError):
        folder.rename(folder.with_name("away"))


def test_the_runner_s_temporary_folder_can_be_used():
    file = Path("/github/runner_temp/own")
    file.write_text("a test's")
    file.unlink()


def test_a_process_can_fork_and_exit_for_ever():
    """Faster than anybody looks: the container test sees that none of them writes after the end."""
    script = (
        "import os\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "while True:\n"
        "    for name in ('file_commands/github_output_5b1c', 'workspace/forked'):\n"
        "        with open(f'/github/{name}', 'a') as file: file.write('EVIL=forked\\n')\n"
        "    if os.fork(): os._exit(0)\n"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-I", "-S", "-c", script], check=True)


def address_of(host, port, family=socket.AF_INET):
    return struct.pack("=H", family) + struct.pack("!H", port) + socket.inet_aton(host) + bytes(8)


def refusals():
    return [json.loads(line)["target"] for line in Path(os.environ["PIPEPROOF_REFUSALS"]).read_text().splitlines()]


def fails(result):
    return result == -1 and ctypes.get_errno() == errno.ENETUNREACH


def test_no_other_machine_is_reached_past_python():
    """By calls of the kernel's own, from here and from children: addresses of the ranges for documentation."""
    libc = ctypes.CDLL(None, use_errno=True)
    with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        assert fails(libc.connect(stream.fileno(), address_of("203.0.113.1", 1), 16))
        assert fails(libc.sendto(datagrams.fileno(), b"x", 1, 0, address_of("203.0.113.2", 2), 16))
        assert fails(libc.sendto(datagrams.fileno(), b"x", 1, 0, address_of("203.0.113.3", 3, socket.AF_UNSPEC), 16))
        assert fails(libc.connect(stream.fileno(), struct.pack("=HHI", 40, 0, 4) + bytes(8), 16))  # VSOCK
    script = (
        "import ctypes, os, socket, sys\n"
        "if os.fork(): os._exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "os.setsid()\n"
        "libc = ctypes.CDLL(None)\n"
        "result = libc.connect(socket.socket().detach(), bytes.fromhex(sys.argv[1]), 16)\n"
        "os._exit(result + 1)\n"
    )
    child = [sys.executable, "-I", "-S", "-c", script, address_of("203.0.113.4", 4).hex()]
    assert subprocess.run(child, check=False).returncode == 0
    assert {"203.0.113.1:1", "203.0.113.2:2", "203.0.113.3:3", "203.0.113.4:4"} <= set(refusals())


def test_the_name_server_is_not_reached():
    """Docker's lies on loopback and asks others."""
    servers = [line.split()[1] for line in readable("/etc/resolv.conf").decode().splitlines() if "nameserver" in line]
    libc = ctypes.CDLL(None, use_errno=True)
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        for server in servers:
            if ":" not in server:
                assert fails(libc.connect(datagrams.fileno(), address_of(server, 53), 16))


def test_there_is_no_io_uring():
    """What is asked for through it no filter sees."""
    assert ctypes.CDLL(None).syscall(425, 1, ctypes.create_string_buffer(120)) == -1


def test_the_refusals_cannot_be_written():
    with pytest.raises(PermissionError):
        Path(os.environ["PIPEPROOF_REFUSALS"]).write_text("")


def test_the_supervisor_cannot_be_signalled():
    with pytest.raises(PermissionError):
        os.kill(os.getppid(), 0)


def test_events_can_be_forged():
    """The pipe is found among the descriptors. What is no event is passed over: the run is told to its end."""
    lines = [
        b"[" * 100_000,
        b"{",
        b'{"event": "phase"}',
        b'{"event": "start", "id": "x", "at": 1e999}',
        b"\xff",
        b"x" * 1_000_000,
    ]
    written = 0
    for number in range(3, 64):
        try:
            if str(Path(f"/proc/self/fd/{number}").readlink()).startswith("pipe:"):
                written += os.write(number, b"\n" + b"\n".join(lines) + b"\n")
        except OSError:
            continue
    assert written


def test_no_program_gives_rights():
    assert "NoNewPrivs:\t1" in Path("/proc/self/status").read_text()


def test_nothing_of_the_install_step_lives_on():
    assert not [number for number in processes() if b"-of-the-backend" in readable(f"/proc/{number}/cmdline")]
    size = Path("/github/workspace/backend").stat().st_size
    assert size > 0
    time.sleep(0.2)
    assert Path("/github/workspace/backend").stat().st_size == size


def test_evidence_can_be_anything(evidence):
    with pytest.raises(ValueError, match="pipeproof's own"):
        evidence("live", {"variables": ["X"]})
    deep = []
    for _ in range(400):
        deep = [deep]
    evidence("prefect.flow_run", {"flow": "f", "state": {"name": "x"}, "task_runs": [{"retries": float("inf")}]})
    evidence("own", {"deep": deep})


def test_a_home_can_be_nested_by_the_thousand():
    """It is removed after the run, and the container test sees that nothing of it is left."""
    folder = os.open(os.environ["HOME"], os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)


def test_a_daemon_can_be_started():
    """It leaves its parent, its session and its group, and writes once the report is there: that is, never."""
    script = (
        "import os, time\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "while not os.path.isfile('/github/workspace/pipeproof-report/audit.jsonl'): time.sleep(0.01)\n"
        "open('/github/workspace/late', 'w').write('late')\n"
        "open('/github/file_commands/github_output_5b1c', 'a').write('EVIL=late\\n')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_home_is_not_the_job_s():
    assert os.environ["HOME"] != "/github/home"
    with pytest.raises(PermissionError):
        Path("/github/home/.gitconfig").write_text("[core]\n\thooksPath = /tmp/evil\n")


def test_commands_can_be_printed(capfd):
    with capfd.disabled():
        for line in (
            "::set-output name=evil::1",
            "  ::add-mask::a",
            "x ##[add-path]/evil",
            "\r::error::evil",
            "\x00::error::evil",
        ):
            print(line)
            print(line, file=sys.stderr)


def test_the_event_of_the_workflow_can_be_written():
    """It is the workspace's owner's on a real runner: the container test sees that it is put back."""
    Path("/github/workflow/event.json").write_text('{"pull_request": {}}')


def test_the_image_cannot_be_changed():
    for path in ("/entrypoint.py", "/etc/pipeproof/image", "/opt/pipeproof/bin/evil"):
        with pytest.raises(PermissionError):
            Path(path).write_text("evil")


def test_the_report_can_be_led_elsewhere():
    """A link where the report will be written: the container test sees that what it leads to stays as it was."""
    report = Path("/github/workspace/pipeproof-report")
    report.mkdir(exist_ok=True)
    (report / "report.json").symlink_to(FILE_COMMANDS / "github_env_5b1c")
    os.mkfifo(report / "junit.xml")
    (report / "summary.md").mkdir()
    (report / "log").symlink_to("/dev/zero")


@pytest.mark.live
def test_credentials_can_be_printed(capfd):
    """A live test has them and prints them in eight encodings: the container test sees that none comes through."""
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    assert secret != "testing"
    with capfd.disabled():
        print()
        print(secret)
        print(urllib.parse.quote(secret, safe=""))
        for before in (b"", b"x", b"xy"):
            print(base64.b64encode(before + secret.encode()).decode())
        print(secret.encode().hex())
        print(json.dumps({"key": secret}), escape(secret))
        print(textwrap.fill(secret, 9))
        print("\n".join(secret))
        print("::notice::" + secret[::-1])
    Path("/github/workspace/pipeproof-report").mkdir(exist_ok=True)


def test_credentials_are_not_there_for_others():
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "testing"
