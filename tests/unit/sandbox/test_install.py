"""What `install` asks for."""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest
from uv import find_uv_bin

from pipeproof.errors import PipeproofError
from pipeproof.inputs import Install
from pipeproof.sandbox import install
from pipeproof.sandbox.identity import make_home
from pipeproof.sandbox.install import (
    Places,
    RunUv,
    _blocks,
    _missing,
    install_project,
    own_requirements,
    parse_arguments,
)

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


def _imitate_uv(victim: Path, left: str) -> RunUv:
    """What uv does to the folders, with a build backend that leaves things where the supervisor may write or read."""

    def run(arguments: Sequence[str]) -> tuple[int, str]:
        if arguments[0] == "venv":
            version = f"python{sys.version_info.major}.{sys.version_info.minor}"
            (Path(arguments[-1]) / "lib" / version / "site-packages").mkdir(parents=True)
        elif "--dry-run" in arguments:
            shared = victim.parent / "run" / "shared"
            for name in ("requirements.txt", "resolved", "missing.txt"):
                (shared / name).symlink_to(victim)
            return 1, ""
        elif "compile" in arguments:
            output = Path(arguments[arguments.index("--output-file") + 1])
            output.unlink()
            {
                "nothing": lambda: output.write_text(""),
                "a pipe": lambda: os.mkfifo(output),
                "a folder": output.mkdir,
                "a link": lambda: output.symlink_to(victim),
            }[left]()
        return 0, ""

    return run


@pytest.mark.parametrize("left", ["nothing", "a pipe", "a folder", "a link"])
def test_install_project__is_not_led_by_a_build_backend(left: str, tmp_path: Path) -> None:
    """Root wrote and read through a link once, and waited for a pipe for ever."""
    victim, base, project = tmp_path / "victim", tmp_path / "run", tmp_path / "project"
    victim.write_text("root's")
    base.mkdir()
    project.mkdir()
    (project / "requirements.txt").write_text("moto\n")
    home = make_home(base, None)
    places = Places(home.own, home.shared, home.give_folder)
    expectation = nullcontext() if left == "nothing" else pytest.raises(PipeproofError, match=r"resolved|leads out of")
    with expectation:
        install_project(Install("auto"), project, places, _imitate_uv(victim, left))
    assert victim.read_text() == "root's"


def test_install_project__that_needs_git_says_what_to_do_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "requirements.txt").write_text("shop @ git+https://git.invalid/shop.git\n")
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path / "home"), "UV_CACHE_DIR": str(tmp_path / "cache")}

    def run(arguments: Sequence[str]) -> tuple[int, str]:
        done = subprocess.run([find_uv_bin(), *arguments], env=environ, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    home = make_home(tmp_path / "run", None)
    with pytest.raises(PipeproofError, match="The image has no git: build a wheel"):
        install_project(Install("auto"), tmp_path, Places(home.own, home.shared, home.give_folder), run)


@pytest.mark.parametrize("kept", [True, False], ids=["with backends", "without"])
@pytest.mark.parametrize("builds_offline", [True, False])
def test_install_project__that_lacks_nothing_else_asks_no_index(
    kept: bool, builds_offline: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network is asked only where the project cannot be built with the backends that lie here."""
    (tmp_path / "run").mkdir()
    (tmp_path / "pyproject.toml").write_text('[build-system]\nrequires = ["hatchling"]\n[project]\nname = "shop"\n')
    monkeypatch.setattr(install, "BUILD_BACKENDS", tmp_path if kept else tmp_path / "none")
    asked: list[Sequence[str]] = []

    def run(arguments: Sequence[str]) -> tuple[int, str]:
        asked.append(arguments)
        if arguments[0] == "venv":
            return _imitate_uv(tmp_path, "nothing")(arguments)
        if "--dry-run" in arguments:
            return 0, f"Would install 1 package\n + shop @ file://{tmp_path}\n"
        return int("--offline" in arguments and not builds_offline), ""

    home = make_home(tmp_path / "run", None)
    python = install_project(Install("auto"), tmp_path, Places(home.own, home.shared, home.give_folder), run)

    assert python.installed == (f"-e {tmp_path}",)
    _, dry, *installs = asked
    assert "--offline" in dry
    assert ["--offline" in one for one in installs] == ([True] if builds_offline else [True, False])
    offline = [one for one in asked if "--offline" in one]
    assert [str(tmp_path) in one for one in offline] == [kept, kept]
