"""The guard of processes: a table of what pipelines connect with, each by an address in figures.

An address of the loopback stands for another machine: connections are counted there, and the guard is told that it is
not here. So nothing leaves this machine, and what is refused would have arrived.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pipeproof.sandbox.network_guard import Guard
from pipeproof.sandbox.process_guard import ProcessGuard
from pipeproof.sandbox.seccomp import Listener, SeccompError, read_descent

SUPERVISOR = """
import json, os, socket, sys, tempfile, threading, time
from pathlib import Path
from pipeproof.sandbox.leftovers import User
from pipeproof.sandbox.network_guard import Guard
from pipeproof.sandbox.process import Cancellation, run_process, shield_supervisor
from pipeproof.sandbox.process_guard import ProcessGuard

AWAY = "127.77.0.1"

class Here(Guard):
    def is_here(self, host):
        return host != AWAY and super().is_here(host)

shield_supervisor()
script, options = sys.argv[1], json.loads(sys.argv[2])
uid = options.get("uid")
user = User(uid, uid) if uid else None
python, program = ("/usr/bin/python3", ["-c", open(script).read()]) if uid else (sys.executable, [script])
server = socket.create_server((AWAY, 0))
port = server.getsockname()[1]
datagrams = socket.socket(type=socket.SOCK_DGRAM)
datagrams.bind((AWAY, port))
arrived = []

def accept():
    while True:
        connection = server.accept()[0]
        arrived.append("connection")
        connection.close()

def receive():
    while True:
        arrived.append(datagrams.recvfrom(99)[0].decode())

for work in (accept, receive):
    threading.Thread(target=work, daemon=True).start()

log, name = tempfile.mkstemp()
os.chmod(name, 0o644)
result = {}
for way in options.get("ways", ["open", "guarded"]):
    printed, lacks = bytearray(), []
    arrived.clear()
    os.ftruncate(log, 0)
    allowed = [f"{AWAY}:{port}"] if options.get("allow") else []
    guard = way == "guarded" and ProcessGuard(
        Here("auto", allowed), may_open=options.get("may_open", False), user=user, log=log, on_lack=lacks.append)
    status = run_process(
        (python, *options.get("flags", []), *program, AWAY, str(port)), directory=Path.cwd(),
        environment={**os.environ, "PIPEPROOF_REFUSALS": name}, on_output=printed.extend,
        cancellation=Cancellation(), user=user, guard=guard or None)
    socket.create_connection((AWAY, port)).recv(1)  # what came before it has been counted then
    datagrams.sendto(b"end", (AWAY, port))
    while "end" not in arrived:
        time.sleep(0.001)
    arrived.remove("connection")
    arrived.remove("end")
    refused = [json.loads(line) for line in open(name)]
    result[way] = {"status": status, "arrived": list(arrived), "refused": refused, "lacks": lacks,
        "printed": printed.decode(errors="replace")}
result["target"] = f"{AWAY}:{port}"
os.unlink(name)
print("RESULT", json.dumps(result))
"""

PRELUDE = """
import ctypes, os, socket, struct, subprocess, sys, threading
HOST, PORT = sys.argv[1], int(sys.argv[2])
libc = ctypes.CDLL(None, use_errno=True)
ADDRESS = struct.pack("=H", 2) + struct.pack("!H", PORT) + socket.inet_aton(HOST) + bytes(8)
UNSPECIFIED = bytes(2) + ADDRESS[2:]

def header(address):
    buffer = ctypes.create_string_buffer(address, len(address))
    data = ctypes.create_string_buffer(b"message")
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(data), 7)
    keep.extend([buffer, data, vector])
    return struct.pack("=QIxxxxQQQQQ", ctypes.addressof(buffer), len(address), ctypes.addressof(vector), 1, 0, 0, 0)

keep = []
stream, datagrams = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
"""

CLIENTS = {
    "libc's connect": "libc.connect(stream.fileno(), ADDRESS, 16)",
    "Python": "socket.create_connection((HOST, PORT))",
    "an address of IPv6 that is one of IPv4": "socket.create_connection((f'::ffff:{HOST}', PORT))",
    "a thread": "t = threading.Thread(target=lambda: socket.create_connection((HOST, PORT))); t.start(); t.join()",
    "a forked child": """
        if os.fork() == 0: socket.create_connection((HOST, PORT))
        else: os.wait()
    """,
    "multiprocessing": """
        import multiprocessing
        with multiprocessing.get_context('spawn').Pool(1) as pool: pool.apply(socket.create_connection, ((HOST, PORT),))
    """,
    "a daemon": """
        code = 'import socket; socket.create_connection((%r, %d))' % (HOST, PORT)
        reader, writer = os.pipe()
        os.set_inheritable(writer, True)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: os.execv(sys.executable, [sys.executable, '-S', '-c', code])
            os._exit(0)
        os.close(writer)
        os.read(reader, 1)  # until nobody has the other end
    """,
    "a datagram": "datagrams.sendto(b'message', (HOST, PORT))",
    "a datagram, connected": "datagrams.connect((HOST, PORT)); datagrams.send(b'message')",
    "a datagram by sendmsg": "datagrams.sendmsg([b'message'], [], 0, (HOST, PORT))",
    "a datagram to no family": "libc.sendto(datagrams.fileno(), b'message', 7, 0, UNSPECIFIED, 16)",
    "many datagrams": """
        here = ADDRESS[:4] + socket.inet_aton('127.0.0.1') + bytes(8)
        messages = ctypes.create_string_buffer(header(here) + bytes(8) + header(ADDRESS) + bytes(8))
        libc.sendmmsg(datagrams.fileno(), messages, 2, 0)
    """,
    "TCP Fast Open": "socket.socket().sendmsg([b'message'], [], 0x20000000, (HOST, PORT))",
    "curl": "subprocess.run(['curl', '-sS', '-m', '5', f'http://{HOST}:{PORT}/'])",
    "psycopg2": "import psycopg2; psycopg2.connect(host='x', hostaddr=HOST, port=PORT)",
    "psycopg2 by a service file": """
        import psycopg2
        open('services', 'w').write(f'[x]\\nhost={HOST}\\nport={PORT}\\n')
        os.environ['PGSERVICEFILE'] = 'services'
        psycopg2.connect('service=x')
    """,
    "psycopg 3": "import psycopg; psycopg.connect(f'host={HOST} port={PORT}')",
    "Arrow": """
        from pyarrow.fs import S3FileSystem
        S3FileSystem(endpoint_override=f'{HOST}:{PORT}', scheme='http', access_key='x', secret_key='x',
            connect_timeout=1, request_timeout=1).get_file_info('bucket/key')
    """,
    "Polars": """
        import polars
        polars.scan_parquet('s3://bucket/key', storage_options={'aws_endpoint_url': f'http://{HOST}:{PORT}',
            'aws_allow_http': 'true', 'aws_access_key_id': 'x', 'aws_secret_access_key': 'x', 'aws_region': 'x',
            'max_retries': 0}).collect()
    """,
    "delta-rs": """
        import deltalake
        deltalake.DeltaTable('s3://bucket/table', storage_options={'AWS_ENDPOINT_URL': f'http://{HOST}:{PORT}',
            'AWS_ALLOW_HTTP': 'true', 'AWS_ACCESS_KEY_ID': 'x', 'AWS_SECRET_ACCESS_KEY': 'x', 'AWS_REGION': 'x',
            'max_retries': '0'})
    """,
    "gRPC": """
        import grpc
        channel = grpc.insecure_channel(f'{HOST}:{PORT}')
        try: channel.unary_unary('/x/y')(b'', timeout=5)
        finally: channel.close()
    """,
    "DuckDB's extensions": """
        import duckdb
        duckdb.connect(config={'extension_directory': os.getcwd()}).execute(
            f"SET custom_extension_repository = 'http://{HOST}:{PORT}'; INSTALL httpfs")
    """,
}
"""How each connects to `HOST` and `PORT`."""

NEEDS = {
    "curl": "curl",
    "psycopg2": "psycopg2",
    "psycopg2 by a service file": "psycopg2",
    "psycopg 3": "psycopg",
    "Arrow": "pyarrow",
    "Polars": "polars",
    "delta-rs": "deltalake",
    "gRPC": "grpc",
    "DuckDB's extensions": "duckdb",
}
"""Modules and programs that not every machine has."""


@pytest.fixture(scope="module", autouse=True)
def listens_to_processes() -> None:
    """Skip where this system has no such thing, which only another process can try: a filter stays."""
    code = "from pipeproof.sandbox.seccomp import Listener; Listener()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no calls of other processes can be judged here: {done.stderr.splitlines()[-1]}")


def run_guarded(folder: Path, script: str, **options: Any) -> Any:
    """What came of a script, with the guard and without it."""
    (folder / "supervisor.py").write_text(SUPERVISOR)
    (folder / "client.py").write_text(script)
    folder.chmod(0o755)
    command = [sys.executable, "supervisor.py", str(folder / "client.py"), json.dumps(options)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    assert "RESULT" in done.stdout, done.stdout + done.stderr
    return json.loads(done.stdout.rpartition("RESULT")[2])


@pytest.mark.parametrize("name", CLIENTS)
def test_guard__holds_a_client(name: str, tmp_path: Path) -> None:
    needs = NEEDS.get(name)
    if needs and not (find_spec(needs) or shutil.which(needs)):
        pytest.skip(f"{needs} is not installed")
    script = f"{PRELUDE}\nif __name__ == '__main__':\n{textwrap.indent(textwrap.dedent(CLIENTS[name]), '    ')}"
    result = run_guarded(tmp_path, script, flags=[] if needs else ["-S"])
    assert result["open"]["arrived"], result["open"]["printed"]  # what the next line would otherwise show of nothing
    assert result["guarded"]["arrived"] == [], result["guarded"]["printed"]
    assert {refused["target"] for refused in result["guarded"]["refused"]} == {result["target"]}


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root")
def test_guard__holds_processes_of_another_user(tmp_path: Path) -> None:
    result = run_guarded(tmp_path, PRELUDE + "libc.connect(stream.fileno(), ADDRESS, 16)", uid=54321)
    assert result["open"]["arrived"] == ["connection"]
    assert result["guarded"]["arrived"] == []
    assert result["guarded"]["lacks"] == []


HERE = """
server = socket.create_server(("127.0.0.1", 0))
for host in ("127.0.0.1", "localhost", "127.8.9.10", "0.0.0.0"):
    with socket.create_server((host, 0)) as other:
        socket.create_connection((host, other.getsockname()[1])).close()
with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
    server.bind(f"{os.getpid()}.sock")
    server.listen()
    client.connect(f"{os.getpid()}.sock")
one, other = socket.socketpair()
one.sendmsg([b"x"])
with socket.socket(type=socket.SOCK_DGRAM) as server:
    server.bind(("127.0.0.1", 0))
    datagrams.sendto(b"x", server.getsockname())
    datagrams.sendmsg([b"x"], [], 0, server.getsockname())
datagrams.connect(("127.0.0.1", 9))
libc.connect(datagrams.fileno(), bytes(16), 16)  # AF_UNSPEC: no longer connected
socket.if_nameindex()
subprocess.run([sys.executable, "-S", "-c", "import socket; socket.getaddrinfo('localhost', 1)"], check=True)
print("all is here")
"""


def test_guard__lets_this_machine_pass(tmp_path: Path) -> None:
    result = run_guarded(tmp_path, PRELUDE + HERE, ways=["guarded"], flags=["-S"])["guarded"]
    assert "all is here" in result["printed"], result["printed"]
    assert (result["status"], result["refused"], result["lacks"]) == (0, [], [])


def test_guard__lets_a_host_pass_that_is_allowed(tmp_path: Path) -> None:
    script = PRELUDE + "socket.create_connection((HOST, PORT)).recv(1)\nsocket.create_connection((HOST, PORT + 1))"
    result = run_guarded(tmp_path, script, allow=True, ways=["guarded"], flags=["-S"])["guarded"]
    assert result["arrived"] == ["connection"]
    assert len(result["refused"]) == 1  # another port of the same host


LIVE = """
from pipeproof.sandbox.guard_word import processes_opened

CHILD = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2]))).recv(1)"

def child():
    return subprocess.run([sys.executable, "-S", "-c", CHILD, HOST, str(PORT)], stderr=-1).returncode

before = child()
with processes_opened():
    within = child()
    with processes_opened():
        pass
    still = child()
print("LIVE", before, within, still, child())
"""


@pytest.mark.parametrize(("may_open", "printed"), [(True, "LIVE 1 0 0 1"), (False, "LIVE 1 1 1 1")])
def test_guard__is_opened_by_a_live_test_where_there_may_be_any(tmp_path: Path, may_open: bool, printed: str) -> None:
    result = run_guarded(tmp_path, PRELUDE + LIVE, may_open=may_open, ways=["guarded"])["guarded"]
    assert printed in result["printed"], result["printed"]


def test_guard__of_one_process_is_not_opened_by_another(tmp_path: Path) -> None:
    script = f"""{PRELUDE}
import time
CHILD = '''
from pipeproof.sandbox.guard_word import processes_opened
with processes_opened():
    print("open", flush=True)
    input()
'''
with subprocess.Popen([sys.executable, "-c", CHILD], stdin=-1, stdout=-1) as child:
    child.stdout.readline()
    print(libc.connect(stream.fileno(), ADDRESS, 16))
    child.communicate(b"\\n")
"""
    result = run_guarded(tmp_path, script, may_open=True, ways=["guarded"])["guarded"]
    assert (result["arrived"], len(result["refused"])) == ([], 1), result["printed"]


FAMILIES = ("IPv4", "IPv6")

WAYS_ROUND = """
def says(name, result):
    print(name, errno.errorcode[ctypes.get_errno()] if result == -1 else "passed", flush=True)

import errno
ring = ctypes.create_string_buffer(120)
says("io_uring", libc.syscall(425, 1, ring))
for name, family in (("IPv4", 2), ("IPv6", 10)):
    says(f"SCTP {name}", libc.socket(family, 1, 132))
    says(f"ordered packets {name}", libc.socket(family, 5 | 0o2000000, 0))
libc.syscall.argtypes = [ctypes.c_long] * 4
says("garbage above", libc.syscall(SOCKET, 2 + (1 << 32), 1 + (1 << 33), 132 + (1 << 34)))
says("local packets", libc.socket(1, 5, 0))
route = bytes([131, 7, 4, 192, 0, 2, 1, 0])
says("source route", libc.setsockopt(stream.fileno(), 0, 4, route, 8))
for option in (5, 6, 57):
    says(f"route of IPv6 {option}", libc.setsockopt(stream.fileno(), 41, option, bytes(24), 24))
says("another option", libc.setsockopt(stream.fileno(), 0, 1, bytes(4), 4))
"""


@pytest.mark.skipif(platform.machine() not in {"x86_64", "aarch64"}, reason="socket(2) has another number")
def test_guard__ways_round_addresses_are_not_there(tmp_path: Path) -> None:
    """What an address in a call does not tell: io_uring, SCTP's options, and routes that packets are told to take."""
    script = PRELUDE + WAYS_ROUND.replace("SOCKET", "41" if platform.machine() == "x86_64" else "198")
    printed = run_guarded(tmp_path, script, ways=["guarded"], flags=["-S"])["guarded"]["printed"]
    told = dict(line.rsplit(" ", 1) for line in printed.splitlines())
    assert told == {
        "io_uring": "ENOSYS", "garbage above": "EPROTONOSUPPORT", "local packets": "passed", "source route": "EPERM",
        "another option": "passed",
        **{f"{what} {family}": "EPROTONOSUPPORT" for what in ("SCTP", "ordered packets") for family in FAMILIES},
        **{f"route of IPv6 {option}": "EPERM" for option in (5, 6, 57)},
    }, printed  # fmt: skip


INT_80 = """
int main(void) {
    long number = 20, result;  /* getpid as i386 has it */
    __asm__ volatile ("int $0x80" : "=a"(result) : "a"(number) : "memory");
    return result == 0;
}
"""


@pytest.mark.skipif(
    platform.machine() != "x86_64" or not shutil.which("cc"), reason="needs a compiler, and a processor with two modes"
)
def test_guard__calls_of_another_architecture_end_who_makes_them(tmp_path: Path) -> None:
    """Their numbers are others, and connect is one of many things that socketcall(2) does."""
    (tmp_path / "old.c").write_text(INT_80)
    subprocess.run(["cc", "-o", "old", "old.c"], cwd=tmp_path, check=True)
    script = PRELUDE + "print(subprocess.run(['./old']).returncode)"
    result = run_guarded(tmp_path, script, flags=["-S"])
    if result["open"]["printed"].strip() != "0":
        pytest.skip("this kernel has no calls of 32 bits")
    assert result["guarded"]["printed"].strip() == "-31"  # SIGSYS


SUITE = """
import socket, subprocess, sys
import pytest

TARGET = {target!r}
CHILD = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2]))).recv(1)"

def child():
    subprocess.run([sys.executable, "-S", "-c", CHILD, *TARGET], check=True)

def test_other():
    child()

@pytest.mark.live
def test_live():
    child()
"""


def test_guard__in_a_run_of_tests(tmp_path: Path) -> None:
    """A live test's child passes, another's does not, and the report says what it was refused."""
    script = (
        "import subprocess, sys\n"
        f"suite = {SUITE!r}.replace('{{target!r}}', repr(sys.argv[1:]))\n"
        "open('test_it.py', 'w').write(suite)\n"
        "options = ['-p', 'pipeproof', '-p', 'no:cacheprovider', '-p', 'no:hypothesispytest', '-n', '1']\n"
        "options += ['--live', '--pipeproof-network=auto', 'test_it.py']\n"
        "subprocess.run([sys.executable, '-m', 'pytest', *options])\n"
    )
    result = run_guarded(tmp_path, script, may_open=True, ways=["guarded"])
    printed = result["guarded"]["printed"]
    assert "1 failed, 1 passed" in printed, printed
    assert f"refused: {result['target']} (to python" in printed, printed
    assert result["guarded"]["arrived"] == ["connection"]


def test_guard__that_cannot_listen_says_so_and_starts_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_here(_self: Listener) -> None:
        raise SeccompError("the kernel takes no filter")

    monkeypatch.setattr(Listener, "__init__", none_here)
    lacks: list[str] = []
    guard = ProcessGuard(Guard("auto"), may_open=False, user=None, log=-1, on_lack=lacks.append)
    with guard.start(lambda: subprocess.Popen([sys.executable, "-S", "-c", ""])) as process:
        assert process.wait() == 0
    guard.end()
    assert lacks == ["the kernel takes no filter"]


def test_guard__what_cannot_be_started_is_raised(tmp_path: Path) -> None:
    guard = ProcessGuard(Guard("auto"), may_open=False, user=None, log=-1, on_lack=pytest.fail)
    with pytest.raises(FileNotFoundError):
        guard.start(lambda: subprocess.Popen([str(tmp_path / "missing")]))


@pytest.mark.parametrize(
    ("server", "host", "port", "passes"),
    [
        ("127.0.0.11", "127.0.0.11", 53, False),
        ("127.0.0.11", "127.0.0.11", 41234, False),  # Docker leads the port 53 to another one
        ("127.0.0.1", "127.0.0.1", 53, False),
        ("127.0.0.1", "127.0.0.1", 5432, True),
        ("192.0.2.53", "127.0.0.1", 53, True),
    ],
)
def test_guard__a_name_server_on_loopback_is_not_here(
    monkeypatch: pytest.MonkeyPatch, server: str, host: str, port: int, passes: bool
) -> None:
    """It asks others, and so could carry anything away."""
    monkeypatch.setattr("pipeproof.sandbox.process_guard._read_name_servers", lambda: frozenset([server]))
    guard = ProcessGuard(Guard("auto"), may_open=False, user=None, log=-1, on_lack=pytest.fail)
    address = (2).to_bytes(2, sys.byteorder) + port.to_bytes(2, "big") + bytes(map(int, host.split("."))) + bytes(8)
    assert (guard.find_refused(address, "connect") is None) is passes


@pytest.mark.parametrize("family", [3, 30, 40, 99])
def test_guard__other_families_of_addresses_do_not_pass(family: int) -> None:
    """AX.25, TIPC, VSOCK (the host of a virtual machine), and what there may be."""
    guard = ProcessGuard(Guard("auto"), may_open=False, user=None, log=-1, on_lack=pytest.fail)
    assert guard.find_refused(family.to_bytes(2, sys.byteorder) + bytes(14), "connect")


def test_descent__ends_at_the_first_process() -> None:
    import os

    assert read_descent(os.getpid())[:2] == [os.getpid(), os.getppid()]
