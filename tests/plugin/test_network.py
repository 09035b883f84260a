"""The network guard from outside, in a process of its own. Its addresses are of the ranges for documentation."""

import socket

import pytest

from pipeproof.sandbox.network_guard import Guard


@pytest.fixture(autouse=True)
def few_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that starts in half the time."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:anyio -p no:cacheprovider")


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
            with pytest.raises(duckdb.Error, match="INSTALL httpfs"):
                connection.sql("from read_csv('https://192.0.2.1/x.csv')").fetchall()
        """
    )
    result = pytester.runpytest_subprocess("--pipeproof-network=auto")
    result.assert_outcomes(passed=1)


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
