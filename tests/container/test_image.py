"""What the image is: small promises that a user of it relies on."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def test_image__says_what_it_is(image: Any) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    labels = image.configuration["Labels"]

    assert labels["org.opencontainers.image.title"] == project["name"]
    assert labels["org.opencontainers.image.version"] == project["version"]
    assert labels["org.opencontainers.image.licenses"] == project["license"]


def test_image__starts_as_root_in_the_workspace_and_isolated_from_it(image: Any) -> None:
    configuration = image.configuration

    assert configuration.get("User") in (None, "", "root", "0")
    assert configuration["WorkingDir"] == "/github/workspace"
    assert configuration["Entrypoint"][1:] == ["-I", "/entrypoint.py"]
    assert configuration.get("Healthcheck") in (None, {"Test": ["NONE"]})


def test_image__holds_no_tools_to_build_with(image: Any) -> None:
    done = image.run(
        "-c", "for tool in cc gcc g++ make hatch; do command -v $tool; done; ls /build /uv", entrypoint="sh"
    )

    assert done.returncode != 0
    assert not [line for line in done.stdout.splitlines() if line.startswith("/")]


def test_image__everything_is_compiled(image: Any) -> None:
    """No module of ours or of our requirements is compiled again in each run, which could not keep the result."""
    script = (
        "import pathlib, sys, importlib.util as u\n"
        "root = pathlib.Path(sys.prefix)\n"
        "names = ['pipeproof', 'moto', 'prefect', 'dbt', 'botocore']\n"
        "files = [f for n in names for f in (next(root.glob('lib/*/site-packages')) / n).rglob('*.py')]\n"
        "missing = [str(f) for f in files if not pathlib.Path(u.cache_from_source(str(f))).exists()]\n"
        "print(len(files) > 1000, len(missing), missing[:5])\n"
    )

    done = image.run("-I", "-c", script, entrypoint="/opt/pipeproof/bin/python")

    assert done.stdout.split()[:2] == ["True", "0"], done.stdout


def test_image__each_extension_can_be_loaded(image: Any) -> None:
    """Symbols, sources and copies were taken out of them (tools/trim.py)."""
    script = (
        "import importlib, importlib.machinery as m, pathlib, sys\n"
        "root = next(pathlib.Path(sys.prefix).glob('lib/python3*/site-packages'))\n"
        "found = [f for f in root.rglob('*.so') if f.name.endswith(tuple(m.EXTENSION_SUFFIXES))]\n"
        "found = [f for f in found if not f.name.startswith('lib') or f.parent == root]\n"
        "failed = []\n"
        "for file in found:\n"
        "    name = '.'.join(file.relative_to(root).with_name(file.name.split('.')[0]).parts)\n"
        "    try:\n"
        "        importlib.import_module(name)\n"
        "    except Exception as error:\n"
        "        failed.append((name, repr(error)))\n"
        "print(len(found), failed)\n"
    )

    done = image.run("-I", "-c", script, entrypoint="/opt/pipeproof/bin/python")

    assert done.stdout.splitlines()[-1].endswith(" []"), done.stdout
    assert int(done.stdout.splitlines()[-1].split()[0]) > 50


def test_image__holds_no_tests_and_no_sources_of_extensions(image: Any) -> None:
    script = "find /opt/pipeproof/lib -path '*/tests/test_*.py' -o -name '*.pyi' -o -name '*.h' -o -name '*.pyx'"

    done = image.run("-c", script, entrypoint="sh")

    assert (done.returncode, done.stdout) == (0, "")


def test_image__runs_any_project_without_an_argument(image: Any, workspace: Callable[..., Path]) -> None:
    folder = workspace({"test_sum.py": "def test_sum():\n    assert 1 + 1 == 2\n"})

    done = image.run(workspace=folder)

    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert {"junit.xml", "report.json", "report.html", "summary.md"} <= {
        path.name for path in (folder / "pipeproof-report").iterdir()
    }


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [(["--version"], 0, "pipeproof "), (["run", "--workers", "many"], 2, "workers")],
)
def test_image__with_arguments_it_is_the_command_line(
    image: Any, workspace: Callable[..., Path], arguments: list[str], code: int, text: str
) -> None:
    done = image.run(*arguments, workspace=workspace({"test_none.py": ""}))

    assert done.returncode == code, done.stdout
    assert text in done.stdout
