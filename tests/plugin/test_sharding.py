"""Sharding by pytest's own command line: whatever is collected, each test runs in one shard."""

import json
import re
from collections import Counter

import pytest

MODULES = {
    "conftest": """
        import pytest

        @pytest.fixture(scope="module")
        def warehouse(): return 1

        @pytest.fixture(scope="session", autouse=True)
        def everywhere(): return 1

        @pytest.fixture(scope="session")
        def cluster(): return 1
    """,
    "test_plain": """
        import pytest

        @pytest.mark.parametrize("text", ["a", "b::c", "d/e[1]", "ü", "x y"])
        def test_texts(text): pass

        @pytest.mark.slow
        def test_slow(): pass
    """,
    "test_module": """
        def test_1(warehouse): pass
        def test_2(warehouse): pass
        def test_3(warehouse): pass
    """,
    "test_classes": """
        import pytest, unittest

        class TestOne:
            @pytest.fixture(scope="class")
            def table(self): return 1
            def test_1(self, table): pass
            def test_2(self, table): pass
            def test_3(self): pass

        class Old(unittest.TestCase):
            @classmethod
            def setUpClass(cls): pass
            def test_1(self): pass
            def test_2(self): pass
    """,
    "test_cluster": """
        def test_1(cluster): pass
        def test_2(cluster): pass
    """,
    "test_documented": '''
        def double(number):
            """Double it.

            >>> double(2)
            4
            """
            return number * 2
    ''',
}
SETTINGS = ("-p", "no:cacheprovider", "-v", "-W", "ignore")


def ran(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    """Run pytest and give the tests that it ran, by its own words."""
    result = pytester.runpytest_subprocess(*SETTINGS, "--doctest-modules", *arguments)
    assert result.ret in (0, 5), result.stdout.str()
    return re.findall(r"^(?:\[gw\d\].*PASSED )?(\S+\.py::.+?)(?: PASSED.*)?\s*$", result.stdout.str(), re.MULTILINE)


def stays_whole(shards: list[list[str]], prefix: str) -> bool:
    return sum(1 for shard in shards if any(test.startswith(prefix) for test in shard)) == 1


def test_shards__each_test_runs_once_and_what_shares_a_fixture_together(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(**MODULES)
    whole = ran(pytester)
    shards = [ran(pytester, "--pipeproof-shard", f"{index}/3") for index in (1, 2, 3)]
    assert len(whole) == 17
    assert Counter(test for shard in shards for test in shard) == Counter(whole)
    assert all(map(len, shards))
    for prefix in ("test_module.py", "test_classes.py::Old", "test_cluster.py"):
        assert stays_whole(shards, prefix), prefix
    assert sum(1 for shard in shards if {f"test_classes.py::TestOne::test_{n}" for n in (1, 2)} & {*shard}) == 1


def test_shards__divide_what_is_selected(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(**MODULES)
    whole = ran(pytester, "-k", "test_1 or texts")
    shards = [ran(pytester, "-k", "test_1 or texts", "--pipeproof-shard", f"{index}/2") for index in (1, 2)]
    assert Counter(test for shard in shards for test in shard) == Counter(whole)
    assert abs(len(shards[0]) - len(shards[1])) <= 1


def test_shards__under_xdist(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(**MODULES)
    whole = ran(pytester)
    shards = [ran(pytester, "-n", "2", "--pipeproof-shard", f"{index}/2") for index in (1, 2)]
    assert Counter(test for shard in shards for test in set(shard)) == Counter(whole)


def test_shards__more_of_them_than_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_1(): pass\ndef test_2(): pass\n")
    shards = [ran(pytester, "--pipeproof-shard", f"{index}/3") for index in (1, 2, 3)]
    assert sorted(map(len, shards)) == [0, 1, 1]


def test_a_file_that_cannot_be_collected__fails_in_each_shard(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_good="def test_1(): pass\ndef test_2(): pass\n", test_bad="import nothing_of_this_name\n")
    for index in (1, 2):
        arguments = ("--continue-on-collection-errors", "--pipeproof-shard", f"{index}/2")
        result = pytester.runpytest_subprocess(*SETTINGS, *arguments)
        result.assert_outcomes(passed=1, errors=1)


@pytest.mark.parametrize("by", ["option", "ini"])
def test_durations__balance_the_shards(by: str, pytester: pytest.Pytester) -> None:
    tests = {f"test_it.py::test_it[{n}]": 3.0 if n == 0 else 1.0 for n in range(4)}
    report = {
        "results": {
            "tests": [
                {"rawStatus": "passed", "duration": seconds * 1000, "extra": {"id": test}}
                for test, seconds in tests.items()
            ]
        }
    }
    pytester.makepyfile(test_it="import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_it(n):\n    pass\n")
    (pytester.path / "before.json").write_text(json.dumps(report))
    if by == "ini":
        pytester.makeini("[pytest]\npipeproof_durations = before.json\n")
    given = ("--pipeproof-durations", "before.json") if by == "option" else ()
    result = pytester.runpytest_subprocess(*SETTINGS, *given, "--pipeproof-shard", "1/2")
    result.assert_outcomes(passed=1, deselected=3)
    result.stdout.fnmatch_lines(["shard 1/2: 1 of 4 tests"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--pipeproof-shard", "3/2"), "*'3/2' is not INDEX/TOTAL*"),
        (("--pipeproof-shard", "1/2", "--pipeproof-durations", "none.json"), "*none.json is not a report.json*"),
    ],
)
def test_a_wrong_option__is_said(arguments: tuple[str, ...], told: str, pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_1(): pass\n")
    result = pytester.runpytest_subprocess(*SETTINGS, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([told])


def test_groups_of_xdist__stay_together(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.mark.xdist_group('port')\ndef test_a(): pass\n"
        "def test_b(): pass\n"
        "@pytest.mark.xdist_group('port')\ndef test_z(): pass\n"
        "def test_c(): pass\n"
    )
    shards = [ran(pytester, "--pipeproof-shard", f"{index}/2") for index in (1, 2)]
    assert sorted(shard[0].partition("::")[2] for shard in shards) == ["test_a", "test_b"]
