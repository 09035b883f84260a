"""Which tests a change touches; in doubt all of them."""

import subprocess
from itertools import islice
from pathlib import Path

import pytest

from pipeproof.watching.command import follow, listen
from pipeproof.watching.selection import Selection, Sources, select

FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": "from shop import rates\n",
    "shop/rates.py": "RATE = 2\n",
    "shop/alone.py": "",
    "tests/conftest.py": "",
    "tests/test_prices.py": "from shop.prices import rates\n",
    "tests/test_models.py": "def test_a(dbt): ...\n",
    "tests/test_machine.py": "def test_a(state_machine): ...\n",
    "tests/slow/conftest.py": "import shop.rates\n",
    "tests/slow/test_slow.py": "",
    "warehouse/dbt_project.yml": "name: shop\n",
    "warehouse/models/a.sql": "select 1",
    "order.asl.json": "{}",
    "pyproject.toml": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _selected(project: Path, *changed: str) -> list[str]:
    found = select(Sources(project, (project / "warehouse",)), [project / name for name in changed])
    return sorted(str(test.relative_to(project)) for test in found.tests)


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        (["tests/test_prices.py"], ["tests/test_prices.py"]),
        (["shop/prices.py"], ["tests/test_machine.py", "tests/test_prices.py"]),
        (["shop/rates.py"], ["tests/slow/test_slow.py", "tests/test_machine.py", "tests/test_prices.py"]),
        (["tests/slow/conftest.py"], ["tests/slow"]),
        (["warehouse/models/a.sql"], ["tests/test_models.py", "warehouse/dbt_project.yml"]),
        (["order.asl.json"], ["tests/test_machine.py"]),
        (["tests/test_prices.py", "tests/test_models.py"], ["tests/test_models.py", "tests/test_prices.py"]),
    ],
)
def test_select__what_a_change_touches(project: Path, changed: list[str], tests: list[str]) -> None:
    assert _selected(project, *changed) == tests


@pytest.mark.parametrize("changed", ["shop/alone.py", "pyproject.toml", "tests/test_gone.py", "shop/gone.py"])
def test_select__all_tests_where_nothing_tells(project: Path, changed: str) -> None:
    assert _selected(project, "tests/test_prices.py", changed) == []


def test_select__says_why(project: Path) -> None:
    found = select(Sources(project), [project / "shop" / "alone.py"])
    assert found == Selection((), "shop/alone.py is imported by no test: all tests")


def test_select__relative_imports(project: Path) -> None:
    (project / "shop" / "prices.py").write_text("from . import rates\n")
    assert "tests/test_prices.py" in _selected(project, "shop/rates.py")


def test_follow__runs_all_then_what_is_touched(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    (project / ".gitignore").write_text("made.json\n")
    runs: list[Selection] = []
    batches = [
        [
            project / "pipeproof-report" / "report.json",
            project / "made.json",
            project / "shop" / "__pycache__" / "a.py",
        ],
        [project / "tests" / "test_prices.py", project / "notes.png"],
    ]
    follow(project, batches, runs.append, report=project / "pipeproof-report")
    assert [run.tests for run in runs] == [(), (project / "tests" / "test_prices.py",)]
    assert "tests/test_prices.py is a test" in capsys.readouterr().out


def test_listen__what_is_saved_before_somebody_asks_is_not_lost(project: Path) -> None:
    """A first run takes minutes, in which the user goes on."""
    saved = project / "tests" / "test_prices.py"
    batches = listen(project)
    saved.write_text("# saved\n")
    assert any(saved in batch for batch in islice(batches, 20))
