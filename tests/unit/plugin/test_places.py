"""Files are named as the workflow names them: from the workspace, in one way."""

import doctest
from pathlib import Path

import pytest

from pipeproof.errors import Location
from pipeproof.plugin.places import place_of_failure, relative_name
from pipeproof.sources import is_users


def test_relative_name__of_a_file_that_is_named_from_its_test(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    assert relative_name(tmp_path / "tests" / ".." / "machines" / "ship.json", tmp_path) == "machines/ship.json"


def test_relative_name__of_a_file_elsewhere_is_its_whole_path(tmp_path: Path) -> None:
    assert relative_name("/usr/lib/python3/x.py", tmp_path) == "/usr/lib/python3/x.py"


def test_is_users__takes_a_relative_name_only_for_a_file_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frames of an extension module name its sources, from where it was built."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_it.py").touch()
    assert is_users("test_it.py", str(tmp_path))
    assert not is_users("pyarrow/error.pxi", str(tmp_path))


EXAMPLES = '''
def double(number):
    """Doubles.

    >>> double(1)
    2
    >>> double(2)
    {expected}
    """
    return number * 2


def other():
    pass
'''


@pytest.mark.parametrize(
    ("expected", "raised"), [("5", doctest.DocTestFailure), ("4\n    >>> 1 / 0", doctest.UnexpectedException)]
)
def test_place__of_a_doctest_is_its_example(tmp_path: Path, expected: str, raised: type[Exception]) -> None:
    """Not the next `def`, nor the docstring."""
    file = tmp_path / "module.py"
    text = EXAMPLES.format(expected=expected)
    file.write_text(text)
    namespace: dict[str, object] = {"__name__": "module"}
    exec(compile(text, str(file), "exec"), namespace)
    docstring = text.split('"""')[1]
    test = doctest.DocTestParser().get_doctest(docstring, namespace, "double", str(file), lineno=2)
    with pytest.raises(raised) as caught:
        doctest.DebugRunner().run(test)
    expected_line = 9 if raised is doctest.UnexpectedException else 7
    assert place_of_failure(caught.value, tmp_path) == Location(file, expected_line)
