"""Take out of an environment what no run needs, before it is compiled: `trim.py FOLDER`. The image is built with it.

Nothing goes that code could import or read while tests run: tests of other packages, sources and headers of extensions,
stubs for type checkers, the pages of Prefect's user interface (no server of a test serves it), copies of a library, and
the symbols of extensions, where `strip` is at hand. The licences stay. Prints what each of it was, in MB (10^6 bytes).
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCES = frozenset({".c", ".cc", ".cpp", ".h", ".hpp", ".pxd", ".pxi", ".pyi", ".pyx"})
"""What extensions are built from, and what type checkers read."""

TESTS = frozenset({"test", "tests"})
USER_INTERFACE = ("prefect/server/ui", "prefect/server/ui-v2")
LARGE = 300_000
"""Bytes of an extension from which on looking at it is worth the time."""


def find_packages(folder: Path) -> Path:
    """Return the environment's folder of packages.

    Raises:
        SystemExit: There is none, or more than one.
    """
    found = list(folder.glob("lib/python3*/site-packages"))
    if len(found) != 1:
        sys.exit(f"trim.py: {folder} is not an environment of one Python")
    return found[0]


def remove_tests(packages: Path) -> Iterator[Path]:
    """Give the folders of tests inside of packages, the outermost ones.

    Only those that hold modules of tests: dbt's own macros lie in folders of that name, as others' data may.
    """
    for folder, below, _ in os.walk(packages):
        inside = Path(folder) != packages
        for name in [name for name in below if inside and name in TESTS]:
            tests = Path(folder, name)
            if (tests / "__init__.py").exists() or any(tests.glob("test*.py")):
                below.remove(name)
                yield tests


def remove_sources(packages: Path) -> Iterator[Path]:
    """Give the sources of extensions and the stubs."""
    return (path for path in packages.rglob("*") if path.suffix in SOURCES and path.is_file())


def remove_user_interface(packages: Path) -> Iterator[Path]:
    """Give what lies in the folders of Prefect's pages; the folders themselves stay, as its server looks for them."""
    return (path for name in USER_INTERFACE for path in packages.glob(f"{name}/*"))


def link_copies(packages: Path) -> int:
    """Replace libraries that lie in one folder under several names by links; return how many bytes that was.

    A wheel cannot hold a link: `libx.so`, `libx.so.1` and `libx.so.1.2` are whole copies.
    """
    saved = 0
    first: dict[tuple[Path, str], Path] = {}
    for path in sorted(packages.rglob("*.so*"), key=lambda path: (-len(path.name), path.name)):
        if path.is_symlink() or not path.is_file():
            continue
        same = first.setdefault((path.parent, hashlib.sha256(path.read_bytes()).hexdigest()), path)
        if same != path:
            saved += path.stat().st_size
            path.unlink()
            path.symlink_to(same.name)
    return saved


def strip_symbols(packages: Path) -> int:
    """Take out symbols that only debuggers and linkers read; return how many bytes that was.

    Libraries that were put beside a wheel (`*.libs`) stay as they are: their headers have been rewritten once already.
    """
    if not (strip := shutil.which("strip")):
        return 0
    saved = 0
    for path in sorted(packages.rglob("*.so*")):
        beside = path.relative_to(packages).parts[0].endswith(".libs")
        if path.is_symlink() or not path.is_file() or beside or (size := path.stat().st_size) < LARGE:
            continue
        subprocess.run([strip, "--strip-unneeded", str(path)], check=True)
        saved += size - path.stat().st_size
    return saved


def measure(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(each.lstat().st_size for each in files if not each.is_dir())


def remove(paths: Iterator[Path]) -> int:
    """Remove files and folders; return how many bytes they had."""
    saved = 0
    for path in list(paths):
        saved += measure(path)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return saved


def trim(folder: Path) -> dict[str, int]:
    """Trim an environment; return the bytes that were saved, by what they were."""
    packages = find_packages(folder)
    return {
        "tests of packages": remove(remove_tests(packages)),
        "sources, headers and stubs": remove(remove_sources(packages)),
        "Prefect's user interface": remove(remove_user_interface(packages)),
        "copies of libraries": link_copies(packages),
        "symbols of extensions": strip_symbols(packages),
    }


if __name__ == "__main__":
    for what, size in trim(Path(sys.argv[1])).items():
        print(f"{size / 1e6:8.1f} MB  {what}")
