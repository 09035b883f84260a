"""What `install` asks for."""

from pathlib import Path

import pytest

from pipeproof.sandbox.install import _blocks, _missing, own_requirements, parse_arguments

PROJECT = Path("/project ü")


@pytest.mark.parametrize(
    ("arguments", "lines", "flags"),
    [
        (["moto==5.1", "pytest>=8"], ("moto==5.1", "pytest>=8"), ()),
        (["-r", "req/dev.txt"], ("-r /project ü/req/dev.txt",), ()),
        (["-rdev.txt"], ("-r /project ü/dev.txt",), ()),
        (["--requirement=dev.txt"], ("-r /project ü/dev.txt",), ()),
        (["-c", "/abs/c.txt"], ("-c /abs/c.txt",), ()),
        (["-r", "https://x.example/r.txt"], ("-r https://x.example/r.txt",), ()),
        (["-e", ".[test]"], ("-e .[test]",), ()),
        (["--index-url", "https://x.example", "a"], ("a",), ("--index-url", "https://x.example")),
        (["--index-url=https://x.example", "--pre", "a"], ("a",), ("--index-url=https://x.example", "--pre")),
    ],
)
def test_parse_arguments__tells_requirements_from_flags(
    arguments: list[str], lines: tuple[str, ...], flags: tuple[str, ...]
) -> None:
    asked = parse_arguments(arguments, PROJECT)
    assert (asked.lines, asked.flags) == (lines, flags)


def test_blocks__keep_hashes_with_their_requirement() -> None:
    text = "# comment\na==1 \\\n    --hash=sha256:x \\\n    --hash=sha256:y\n\nb==2\n"
    assert list(_blocks(text)) == ["a==1 \\\n    --hash=sha256:x \\\n    --hash=sha256:y", "b==2"]


def test_missing__leaves_out_what_is_there_in_that_version() -> None:
    blocks = ["a==1", "B_c==2 ; python_version > '3'", "d[x]==3", "e==5", "-e /project", "f @ file:///f"]
    present = {"a": "1", "b-c": "2", "d": "3", "e": "4"}
    assert list(_missing(iter(blocks), present)) == ["e==5", "-e /project", "f @ file:///f"]


def test_own_requirements__are_the_bounds_without_markers() -> None:
    lines = own_requirements()
    assert any(line.startswith(("pytest<", "pytest>")) for line in lines)
    assert not any(";" in line or line.startswith("pipeproof") for line in lines)
