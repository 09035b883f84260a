"""What lies in a folder of the user's cannot lead the supervisor, hold it up or fill its memory."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeproof.untrusted import Folder, UntrustedFileError, append_to, read_file, remove_tree

IN_THE_WAY: dict[str, Callable[[Path], object]] = {
    "a link": lambda path: path.symlink_to(path.with_name("target")),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a socket": lambda path: socket.socket(socket.AF_UNIX).bind(str(path)),
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """A name that something lies at."""
    monkeypatch.chdir(tmp_path)  # a socket's name is short
    (tmp_path / "target").write_text("of root's")
    IN_THE_WAY[request.param](Path("place"))
    return tmp_path / "place"


@pytest.mark.parametrize("place", IN_THE_WAY, indirect=True)
def test_folder__opens_regular_files_alone(place: Path) -> None:
    with Folder.at(place.parent) as folder:
        for act in (folder.read, lambda name: folder.append(name, b"x"), lambda name: folder.open(name, os.O_RDWR)):
            with pytest.raises(UntrustedFileError, match=r"place is a (link|pipe|folder|socket)"):
                act("place")
    with pytest.raises(UntrustedFileError):
        append_to(place, b"x")
    assert (place.parent / "target").read_text() == "of root's"


@pytest.mark.parametrize("place", IN_THE_WAY, indirect=True)
def test_folder__puts_a_file_in_the_place_of_anything(place: Path) -> None:
    with Folder.at(place.parent) as folder:
        folder.put("place", b"ours")
    assert place.read_text() == "ours"
    assert not place.is_symlink()
    assert (place.parent / "target").read_text() == "of root's"


@pytest.mark.parametrize("place", [name for name in IN_THE_WAY if name not in ("a link", "a folder")], indirect=True)
def test_read_file__never_waits(place: Path) -> None:
    with pytest.raises(OSError, match=r"place|zero|nothing"):
        read_file(place)


def test_read_file__follows_a_project_s_own_links_and_no_others(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    project.mkdir()
    outside.write_text("outside")
    (project / "base.txt").write_text("moto")
    (project / "requirements.txt").symlink_to("base.txt")
    (project / "leads-out.txt").symlink_to(outside)
    assert read_file(project / "requirements.txt", root=project) == b"moto"
    for name in ("leads-out.txt", "../outside"):
        with pytest.raises(UntrustedFileError, match="leads out of"):
            read_file(project / name, root=project)


def test_read_file__takes_no_more_than_its_limit(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 11)
    assert len(read_file(tmp_path / "large", limit=11)) == 11
    with pytest.raises(UntrustedFileError, match="larger than 10 bytes"):
        read_file(tmp_path / "large", limit=10)


def test_folder__is_held_whatever_its_name_leads_to(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "evil").mkdir()
    with Folder.at(tmp_path / "a") as folder:
        (tmp_path / "a").rename(tmp_path / "moved")
        (tmp_path / "a").symlink_to(tmp_path / "evil")
        folder.put("file", b"x")
    assert (tmp_path / "moved" / "file").exists()
    assert list((tmp_path / "evil").iterdir()) == []
    with pytest.raises(NotADirectoryError):
        Folder.below(tmp_path, Path("a"))


def test_remove_tree__leaves_what_links_lead_to(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    folder = tmp_path / "gone"
    for name in ("a/b/c", "a/d", "closed"):
        (folder / name).mkdir(parents=True)
    (folder / "a" / "b" / "link").symlink_to(tmp_path / "kept")
    (folder / "a" / "b" / "file").touch()
    os.mkfifo(folder / "pipe")
    (folder / "closed").chmod(0)
    (folder / "a").chmod(0o500)
    remove_tree(folder)
    assert not folder.exists()
    assert (tmp_path / "kept" / "file").exists()
    remove_tree(folder)  # nothing there is nothing to do
