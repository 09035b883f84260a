"""The network guard from outside, in a process of its own. Its addresses are of the ranges for documentation."""

import shutil
import socket
import subprocess
import sys
from contextlib import nullcontext
from importlib.util import find_spec

import pytest

from pipeproof.sandbox.network_guard import Guard, NetworkBlockedError

CASES = """
    import asyncio
    import socket
    import urllib.request

    import pytest
    from pipeproof.sandbox.network_guard import NetworkBlockedError

    OUTSIDE = ("192.0.2.1", 9)

    def test_name():
        with pytest.raises(NetworkBlockedError, match="asked for api.example.com:443"):
            socket.create_connection(("api.example.com", 443))

    def test_address():
        with pytest.raises(NetworkBlockedError, match="192.0.2.1:9"):
            socket.create_connection(OUTSIDE, timeout=1)

    def test_address_v6():
        sock = socket.socket(socket.AF_INET6)
        with pytest.raises(NetworkBlockedError, match="2001:db8::1:9"):
            sock.connect(("2001:db8::1", 9))

    def test_connect_ex():
        with pytest.raises(NetworkBlockedError):
            socket.socket().connect_ex(OUTSIDE)

    def test_datagram():
        with pytest.raises(NetworkBlockedError):
            socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", OUTSIDE)

    def test_datagram_connect_is_an_error_that_libraries_expect():
        with pytest.raises(OSError, match="network guard"):
            socket.socket(type=socket.SOCK_DGRAM).connect(OUTSIDE)

    def test_asyncio():
        async def connect():
            await asyncio.open_connection(*OUTSIDE)
        with pytest.raises(NetworkBlockedError):
            asyncio.run(connect())

    def test_urllib():
        with pytest.raises(NetworkBlockedError):
            urllib.request.urlopen("http://example.com/")

    def test_imported_early():
        from _socket import socket as raw
        with pytest.raises(NetworkBlockedError):
            raw().connect(OUTSIDE)

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.9.10", "0.0.0.0"])
    def test_this_machine(host):
        with socket.create_server(("0.0.0.0", 0)) as server:
            socket.create_connection((host, server.getsockname()[1])).close()

    def test_unix():
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind("\\0pipeproof-test-%d" % id(server))
            server.listen()
            client.connect(server.getsockname())
"""


@pytest.mark.parametrize("mode", ["auto", "loopback"])
def test_network__tests_reach_this_machine_only(pytester: pytest.Pytester, mode) -> None:
    pytester.makepyfile(CASES)
    result = pytester.runpytest_subprocess(f"--pipeproof-network={mode}")
    result.assert_outcomes(passed=14)


def test_network__by_the_supervisors_word_and_under_xdist(pytester: pytest.Pytester, monkeypatch) -> None:
    monkeypatch.setenv("PIPEPROOF_NETWORK", "auto")
    pytester.makepyfile(CASES)
    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=14)


REACH = """
    import socket
    import pytest

    def reach():
        with socket.socket() as sock:
            sock.settimeout(0.01)
            try:
                sock.connect(("192.0.2.1", 9))
            except OSError:
                pass

    def test_other():
        reach()

    @pytest.mark.live
    def test_live():
        reach()

    def test_after():
        reach()
"""


@pytest.mark.parametrize(
    ("mode", "passed", "failed"), [("auto", 1, 2), ("loopback", 0, 3), ("open", 3, 0), (None, 3, 0)]
)
def test_network__what_each_mode_lets_pass(pytester: pytest.Pytester, mode, passed, failed) -> None:
    pytester.makepyfile(REACH)
    options = [f"--pipeproof-network={mode}"] if mode else []
    result = pytester.runpytest_subprocess("--live", *options)
    result.assert_outcomes(passed=passed, failed=failed)


def test_network__a_wrong_mode_is_an_error(pytester: pytest.Pytester, monkeypatch) -> None:
    monkeypatch.setenv("PIPEPROOF_NETWORK", "closed")
    result = pytester.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*network (PIPEPROOF_NETWORK): 'closed' is not valid; allowed: auto, loopback, open*"])


def test_network__the_code_that_is_collected_is_guarded(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("import socket; socket.create_connection(('api.example.com', 443))")
    result = pytester.runpytest_subprocess("--pipeproof-network=auto")
    result.stdout.fnmatch_lines(["*NetworkBlockedError*api.example.com:443*"])


def test_network__what_was_refused_stands_beside_a_failure(pytester: pytest.Pytester) -> None:
    """A library that turns the refusal into an error of its own hides why it failed."""
    pytester.makepyfile(
        """
        import socket

        def test_it():
            try:
                socket.create_connection(("api.example.com", 443))
            except Exception:
                pass
            assert False, "no data"
        """
    )
    result = pytester.runpytest_subprocess("--pipeproof-network=auto")
    result.stdout.fnmatch_lines(["*Captured network call*", "refused: api.example.com:443"])


@pytest.mark.parametrize("first", ["import psycopg2", ""], ids=["imported before", "imported in the test"])
def test_network__libpq_is_guarded_at_psycopg2s_door(pytester: pytest.Pytester, first) -> None:
    pytester.makeconftest(first)
    pytester.makepyfile(
        """
        import pytest
        from pipeproof.sandbox.network_guard import NetworkBlockedError

        @pytest.mark.parametrize("given", [
            {"host": "db.example.com"}, {"dsn": "postgresql://db.example.com/x"},
            {"host": "localhost,db.example.com"}, {"host": "localhost", "hostaddr": "192.0.2.1"},
        ])
        def test_outside(given):
            import psycopg2
            with pytest.raises(NetworkBlockedError):
                psycopg2.connect(**given)

        @pytest.mark.parametrize("given", [
            {"host": "127.0.0.1", "port": 1}, {"dsn": "host=/nowhere"}, {"host": "/nowhere", "port": "1"},
        ])
        def test_here(given):
            import psycopg2
            with pytest.raises(psycopg2.OperationalError):
                psycopg2.connect(**given)
        """
    )
    result = pytester.runpytest_subprocess("--pipeproof-network=auto")
    result.assert_outcomes(passed=7)


def test_network__duckdb_fetches_no_extension(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        def test_it(tmp_path):
            import duckdb
            connection = duckdb.connect(str(tmp_path / "x.duckdb"), config={"extension_directory": str(tmp_path)})
            assert connection.sql("select 42").fetchall() == [(42,)]
            with pytest.raises(duckdb.Error, match="network-guard-of-pipeproof"):
                connection.execute("INSTALL httpfs")
            for reader in (connection, connection.cursor(), duckdb):
                with pytest.raises(duckdb.Error, match="INSTALL httpfs"):
                    reader.sql("from read_csv('https://192.0.2.1/x.csv')").fetchall()
        """
    )
    result = pytester.runpytest_subprocess("--pipeproof-network=auto")
    result.assert_outcomes(passed=1)


CLIENTS = {
    "curl": "subprocess.run(['curl', '-sS', '-m', '5', 'http://NAME/'], stderr=-1)",
    "getent": "subprocess.run(['getent', 'ahosts', 'NAME'])",
    "a child in Python": "subprocess.run([sys.executable, '-S', '-c', LOOK_UP, 'NAME'], stderr=-1)",
    "multiprocessing": "run_spawned(socket.gethostbyname, 'NAME')",
    "psycopg2 by a service file": "psycopg2_by_service('NAME')",
    "Arrow": "arrow('NAME')",
    "gRPC": "grpc('NAME')",
    "Python's own look-up": "socket.getaddrinfo('NAME', 1)",
    "gethostbyaddr": "socket.gethostbyaddr('192.0.2.7')",
    "getfqdn": "socket.getfqdn('192.0.2.7')",
    "getnameinfo": "socket.getnameinfo(('192.0.2.7', 1), 0)",
    "below .localhost": "socket.getaddrinfo('NAME.localhost', 1)",
}
"""What looks a name up, each in its own way: libraries with sockets of their own, programs, children."""

ASKING = """
    import multiprocessing, os, socket, subprocess, sys
    import pytest

    LOOK_UP = "import socket, sys; socket.getaddrinfo(sys.argv[1], 1)"

    def arrow(name):
        from pyarrow.fs import S3FileSystem
        S3FileSystem(endpoint_override=name, connect_timeout=1).get_file_info("bucket/key")

    def grpc(name):
        import grpc
        grpc.channel_ready_future(grpc.insecure_channel(f"{name}:443")).result(timeout=3)

    def run_spawned(function, *args):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            pool.apply(function, args)

    def psycopg2_by_service(name):
        import psycopg2
        with open("services", "w") as file:
            file.write(f"[x]\\nhost={name}\\nconnect_timeout=2\\n")
        os.environ["PGSERVICEFILE"] = "services"
        psycopg2.connect("service=x")

    @pytest.mark.parametrize("number", range(COUNT))
    def test_asks(number):
        try:
            exec(CLIENTS[number].replace("NAME", f"client-{number}.example.com"))
        except Exception as error:
            print(type(error), error)

    @pytest.mark.live
    def test_live():
        try:
            socket.getaddrinfo("live.example.com", 1)
        except OSError:
            pass
        subprocess.run(["getent", "ahosts", "live-child.example.com"])
"""

NAME_SERVER = """
import os, socket, subprocess, sys, threading
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
open("resolv.conf", "w").write("nameserver 127.0.0.1\\noptions timeout:1 attempts:1\\n")
subprocess.run(["mount", "--bind", "resolv.conf", "/etc/resolv.conf"], check=True)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
asked = set()
def serve():
    while True:
        data, client = server.recvfrom(512)
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += data[at] + 1
        asked.add(".".join(labels))
        server.sendto(data[:2] + b"\\x81\\x83" + data[4:6] + bytes(6) + data[12:], client)
threading.Thread(target=serve, daemon=True).start()
subprocess.run(sys.argv[1:])
print("ASKED", *sorted(asked))
"""


def asked_of_a_name_server(pytester: pytest.Pytester, *options: str) -> set[str]:
    """The names that a name server of this test's own was asked for, in a network of its own."""
    if subprocess.run(
        ["unshare", "-rmn", "ip", "link", "set", "lo", "up"], capture_output=True, check=False
    ).returncode:
        pytest.skip("this system lets nobody have a network of their own (unshare -rmn)")
    lacking = {"curl": shutil.which("curl"), "Arrow": find_spec("pyarrow"), "gRPC": find_spec("grpc")}
    names = [name for name in CLIENTS if lacking.get(name, True)]
    code = ASKING.replace("COUNT", str(len(names))).replace("CLIENTS", repr([CLIENTS[name] for name in names]))
    pytester.makepyfile(code)
    pytester.makefile(".py", server=NAME_SERVER)
    command = [sys.executable, "server.py", sys.executable, "-m", "pytest", "-q", "-rP", *options]
    done = subprocess.run(["unshare", "-rmn", *command], capture_output=True, text=True, check=False)
    asked = done.stdout.rpartition("ASKED")[2].split()
    numbers = {f"client-{number}.example.com": name for number, name in enumerate(names)}
    assert "passed" in done.stdout, done.stdout + done.stderr
    return {numbers.get(name.removesuffix(".localhost"), name) for name in asked}


def test_network__no_client_asks_a_name_server(pytester: pytest.Pytester) -> None:
    """All of them did once, but for Python's own look-up by name."""
    assert asked_of_a_name_server(pytester, "--pipeproof-network=loopback", "--live") == set()


def test_network__a_live_test_and_what_it_starts_look_names_up(pytester: pytest.Pytester) -> None:
    asked = asked_of_a_name_server(pytester, "--pipeproof-network=auto", "--live")
    assert asked >= {"live.example.com", "live-child.example.com"}
    # Libraries of the process look names up where live tests run in it as well; what it starts does not.
    assert asked - {"live.example.com", "live-child.example.com"} <= {
        "psycopg2 by a service file",
        "Arrow",
        "below .localhost",
    }


def test_network__the_clients_do_ask_where_the_network_is_open(pytester: pytest.Pytester) -> None:
    """What the two tests above would otherwise show of nothing."""
    asked = asked_of_a_name_server(pytester, "--pipeproof-network=open", "--live")
    assert len(asked) >= len(CLIENTS) - 4, asked


def test_network__plain_pytest_has_no_audit_hook(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_it():
            from pipeproof.sandbox import network_guard
            assert not network_guard._hook_added
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        (None, True),
        ("", True),
        ("LOCALHOST", True),
        ("db.localhost", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("fe80::1%eth0", False),
        (b"localhost", True),
        ("/var/run/postgresql", True),
        ("192.0.2.1", False),
        ("127.0.0.1.example.com", False),
        ("example.com", False),
        (b"example.com", False),
    ],
)
def test_guard__what_is_this_machine(host, here) -> None:
    assert Guard("auto").is_here(host) is here


def test_guard__its_own_name_and_addresses_are_this_machine() -> None:
    assert Guard("auto").is_here(socket.gethostname())
    assert Guard("auto").is_here("127.0.0.2")


@pytest.mark.parametrize(
    ("allowed", "host", "port", "passes"),
    [
        ("postgres", "postgres", 5432, True),
        ("postgres:5432", "POSTGRES", 5432, True),
        ("postgres:5432", "postgres", 5433, False),
        ("postgres:5432", "postgres.example.com", 5432, False),
        ("192.0.2.1:80", "192.0.2.1", 80, True),
        ("192.0.2.1:80", "192.0.2.1", 443, False),
        ("[2001:db8::1]:443", "2001:db8::1", 443, True),
        ("2001:db8::1", "2001:db8::1", 9, True),
    ],
)
def test_guard__hosts_that_are_allowed(allowed: str, host: str, port: int, passes: bool) -> None:
    guard = Guard("loopback", [allowed])
    with nullcontext() if passes else pytest.raises(NetworkBlockedError):
        guard.check(host, port)
