"""Files are named as the workflow names them: from the workspace, in one way."""

from pathlib import Path

from pipeproof.plugin.places import relative_name


def test_relative_name__of_a_file_that_is_named_from_its_test(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    assert relative_name(tmp_path / "tests" / ".." / "machines" / "ship.json", tmp_path) == "machines/ship.json"


def test_relative_name__of_a_file_elsewhere_is_its_whole_path(tmp_path: Path) -> None:
    assert relative_name("/usr/lib/python3/x.py", tmp_path) == "/usr/lib/python3/x.py"
