"""The inputs' parsers, each value and each refusal."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.errors import InputError
from pipeproof.inputs import Inputs, Install, Shard, action_values, declared_inputs, input_name, read_inputs
from pipeproof.inputs.parsers import (
    arguments,
    boolean,
    install,
    seconds,
    shard,
    whole_number,
    words,
    worker_count,
)

PARSERS = {input_name(declared): declared.metadata["parse"] for declared in declared_inputs()}


@pytest.mark.parametrize("name", PARSERS)
@given(value=st.text())
def test_parser__any_text_gives_a_value_or_a_value_error(name: str, value: str) -> None:
    with suppress(ValueError):
        PARSERS[name](value)


@given(st.dictionaries(st.sampled_from(sorted(PARSERS)), st.text()))
def test_read_inputs__any_texts_give_inputs_or_an_input_error(values: dict[str, str]) -> None:
    with suppress(InputError):
        assert isinstance(read_inputs(values, Path(__file__).parent), Inputs)


@pytest.mark.parametrize("value", ["a" * 5000, "a\0b", "a/" * 3000])
@pytest.mark.parametrize("name", ["working-directory", "baseline", "dbt-project-dir"])
def test_read_inputs__a_path_that_cannot_be_is_an_input_error(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=name):
        read_inputs({name: value}, tmp_path)


def test_read_inputs__a_loop_of_links_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match="working-directory"):
        read_inputs({"working-directory": "loop"}, tmp_path)


def test_read_inputs__tells_all_problems_at_once(tmp_path: Path) -> None:
    values = {
        "workers": "many",
        "shard": "6/5",
        "reruns": "-1",
        "allow-empty": "yes",
        "pytest-args": "-k 'x",
        "working-directory": "../elsewhere",
        "fail-on": "regressions",
    }
    with pytest.raises(InputError) as caught:
        read_inputs(values, tmp_path)
    lines = str(caught.value).splitlines()
    assert {line.partition(":")[0] for line in lines} == set(values)
    assert "'many'" in str(caught.value)
    assert "allowed: true, false" in str(caught.value)


@pytest.mark.parametrize("value", ["..", "/etc", "sub/../..", "link"])
@pytest.mark.parametrize("name", ["working-directory", "report-dir"])
def test_read_inputs__a_path_that_leaves_the_workspace_is_refused(name: str, value: str, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match=f"{name}: .* leaves the workspace"):
        read_inputs({name: value}, workspace)


def test_read_inputs__blank_is_the_default(tmp_path: Path) -> None:
    assert read_inputs(dict.fromkeys(PARSERS, " \n"), tmp_path) == Inputs()


def test_read_inputs__a_folder_below_the_workspace_is_taken_in_either_form(tmp_path: Path) -> None:
    (tmp_path / "Prüfung 1").mkdir()
    for value in ("Prüfung 1", str(tmp_path / "Prüfung 1"), "./Prüfung 1/"):
        inputs = read_inputs({"working-directory": value}, tmp_path)
        assert (tmp_path / inputs.working_directory).is_dir()


def test_action_values__are_found_under_the_runners_names() -> None:
    environ = {"INPUT_PYTEST-ARGS": "-x", "INPUT_TESTS": "", "INPUT_PYTEST_ARGS": "no", "TITLE": "no"}
    assert action_values(environ) == {"pytest-args": "-x", "tests": ""}


def test_words__split_at_blanks_and_lines() -> None:
    assert words(" a b\n  c\td\r\n") == ("a", "b", "c", "d")


def test_words__keep_the_blanks_of_an_item_in_quotes() -> None:
    assert words(""" "my tests/a.py" 'b c'\n"d" """) == ("my tests/a.py", "b c", "d")


@pytest.mark.parametrize("item", ["t.py::test[it's]", "t.py::test['a'-1]", "'t.py", 't.py"', '""'])
def test_words__take_quotes_elsewhere_as_they_are(item: str) -> None:
    assert words(f"{item} x") == (item, "x")


def test_arguments__split_as_a_shell_would() -> None:
    assert arguments("""-k 'a or b' --x="y z" c\\ d""") == ("-k", "a or b", "--x=y z", "c d")


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), (" True ", True), ("TRUE", True), ("false", False), ("FALSE", False)]
)
def test_boolean__is_that_of_yaml_1_2(value: str, *, expected: bool) -> None:
    assert boolean(value) is expected


@pytest.mark.parametrize("value", ["yes", "1", "on", "tRue", "null"])
def test_boolean__takes_nothing_else(value: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        boolean(value)


@pytest.mark.parametrize("value", ["-1", "1.5", "٣", "1_000", "0x1", "1e3", "9999999999"])
def test_whole_number__takes_ascii_digits_alone(value: str) -> None:
    with pytest.raises(ValueError, match="whole number"):
        whole_number(value)


@pytest.mark.parametrize("value", ["-1", "inf", "nan", "1.", ".5", "1e3", "٣"])
def test_seconds__take_a_decimal_number_alone(value: str) -> None:
    with pytest.raises(ValueError, match="seconds"):
        seconds(value)


def test_seconds__take_a_fraction() -> None:
    assert seconds(" 2.5 ") == 2.5


@pytest.mark.parametrize(("value", "expected"), [("1", 1), ("auto", None), (" 16 ", 16)])
def test_worker_count__reads(value: str, expected: int | None) -> None:
    assert worker_count(value) == expected


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.0", "AUTO"])
def test_worker_count__refuses(value: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        worker_count(value)


def test_shard__reads() -> None:
    assert shard("2/5") == Shard(2, 5)
    assert str(Shard(2, 5)) == "2/5"
    assert shard("  ") is None


@pytest.mark.parametrize("value", ["0/5", "6/5", "2", "2/", "/5", "a/b", "2/5/7", "-1/5", "2 / 5"])
def test_shard__refuses(value: str) -> None:
    with pytest.raises(ValueError, match="2/5"):
        shard(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("none", Install("none")),
        (" auto ", Install("auto")),
        ("-r a.txt 'b c'", Install("arguments", ("-r", "a.txt", "b c"))),
    ],
)
def test_install__reads(value: str, expected: Install) -> None:
    assert install(value) == expected


@pytest.mark.parametrize("value", ["nonee", "Auto", "NONE"])
def test_install__a_slip_is_no_package(value: str) -> None:
    with pytest.raises(ValueError, match="did you mean"):
        install(value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("states=80 models=90.5\nbranches=0", (("states", 80.0), ("models", 90.5), ("branches", 0.0))),
        ("states=100", (("states", 100.0),)),
    ],
)
def test_fail_under__reads_percentages(text: str, found: object, tmp_path: Path) -> None:
    assert read_inputs({"fail-under": text}, tmp_path).fail_under == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("80", "NAME=PERCENT"),
        ("state=80", "did you mean states"),
        ("states=101", "from 0 to 100"),
        ("states=-1", "from 0 to 100"),
        ("states=80%", "from 0 to 100"),
        ("states=1 states=2", "twice"),
    ],
)
def test_fail_under__refuses_what_is_none(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=told):
        read_inputs({"fail-under": text}, tmp_path)


def test_fail_under__cannot_be_judged_on_a_shard(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a shard exercises a part"):
        read_inputs({"fail-under": "states=80", "shard": "1/2"}, tmp_path)


@pytest.mark.parametrize("baseline", ["auto", "auto:nightly-*"])
def test_baseline__auto_is_no_path(baseline: str, tmp_path: Path) -> None:
    assert read_inputs({"baseline": baseline, "fail-on": "new-flaky"}, tmp_path).baseline == baseline
