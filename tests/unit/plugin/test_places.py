"""Files are named as the workflow names them: from the workspace, in one way."""

from pathlib import Path

import pytest

from pipeproof.plugin.places import is_users, relative_name


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
