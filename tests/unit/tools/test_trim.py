"""What is taken out of the image's environment, and what stays."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import trim


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """An environment with one package of each kind of thing."""
    packages = tmp_path / "lib" / "python3.13" / "site-packages"
    texts = [
        "shop/__init__.py", "shop/tests.py", "shop/py.typed", "shop/tests/test_shop.py", "shop/deep/test/__init__.py",
        "shop/stubs.pyi", "shop/_fast.pyx", "shop/include/fast.h", "tests/__init__.py", "shop/testing/helper.py",
        "dbt/include/global_project/tests/generic/builtin.sql", "dbt/include/macros/materializations/tests/unit.sql",
        "shop/data/test/rows.csv", "prefect/server/ui/index.html", "prefect/server/ui-v2/assets/a.js",
        "prefect/server/api/ui.py",
        "shop-1.dist-info/licenses/LICENSE", "shop-1.dist-info/METADATA",
    ]  # fmt: skip
    for name in texts:
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text(name)
    for name in ("libx.so", "libx.so.1", "libx.so.1.2", "other.so"):
        (packages / "shop" / name).write_bytes(b"a library" if name != "other.so" else b"another")
    return packages


def files(packages: Path) -> set[str]:
    return {path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file()}


def test_trim__leaves_what_code_can_import_or_read(packages: Path) -> None:
    before = files(packages)
    trim.trim(packages.parents[2])
    assert before - files(packages) == {
        "shop/tests/test_shop.py", "shop/deep/test/__init__.py", "shop/stubs.pyi", "shop/_fast.pyx",
        "shop/include/fast.h", "prefect/server/ui/index.html", "prefect/server/ui-v2/assets/a.js",
    }  # fmt: skip
    assert (packages / "prefect" / "server" / "ui-v2").is_dir()


def test_trim__says_how_much_it_was(packages: Path) -> None:
    before = trim.measure(packages)
    saved = trim.trim(packages.parents[2])
    links = sum(path.lstat().st_size for path in packages.rglob("*") if path.is_symlink())
    assert sum(saved.values()) == before - trim.measure(packages) + links
    assert saved["copies of libraries"] == 2 * len(b"a library")
    assert sum(trim.trim(packages.parents[2]).values()) == 0


def test_link_copies__each_name_still_leads_to_the_library(packages: Path) -> None:
    trim.link_copies(packages)
    shop = packages / "shop"
    assert {path.name: path.read_bytes() for path in shop.glob("libx*")} == dict.fromkeys(
        ["libx.so", "libx.so.1", "libx.so.1.2"], b"a library"
    )
    assert [path.name for path in sorted(shop.glob("*.so*")) if not path.is_symlink()] == ["libx.so.1.2", "other.so"]
    assert (shop / "libx.so").readlink() == Path("libx.so.1.2")


@pytest.mark.skipif(not shutil.which("strip"), reason="binutils are not installed")
def test_strip_symbols__an_extension_still_works(packages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    source = importlib.util.find_spec("yaml._yaml")
    assert source
    assert source.origin
    for name in (packages / f"_yaml{suffix}", packages / "shop.libs" / "_yaml.so"):
        name.parent.mkdir(exist_ok=True)
        shutil.copy(source.origin, name)
    size = Path(source.origin).stat().st_size
    monkeypatch.setattr(trim, "LARGE", 1000)
    (packages / "shop" / "other.so").unlink()
    saved = trim.strip_symbols(packages)
    assert saved == size - (packages / f"_yaml{suffix}").stat().st_size
    assert (packages / "shop.libs" / "_yaml.so").stat().st_size == size
    shutil.copytree(Path(source.origin).parent, packages / "yaml", ignore=shutil.ignore_patterns("*.so"))
    shutil.move(packages / f"_yaml{suffix}", packages / "yaml" / f"_yaml{suffix}")
    script = "from yaml import _yaml; print(_yaml.__file__, _yaml.get_version_string())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(packages))


def test_trim__folder_that_is_no_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is not an environment of one Python"):
        trim.trim(tmp_path)
