"""The indexes of the documentation list every page, and no page that is not there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def _links(index: Path) -> set[Path]:
    targets = re.findall(r"\]\(([^)#]+)\)", index.read_text(encoding="utf-8"))
    return {(index.parent / target).resolve() for target in targets if "://" not in target}


def test_docs_index__lists_each_page() -> None:
    pages = {page for folder in ("how-to", "reference", "explanation") for page in (DOCS / folder).glob("*.md")}
    assert pages <= _links(DOCS / "README.md")


def test_docs_site__has_each_page_in_its_navigation() -> None:
    navigation = (ROOT / "zensical.toml").read_text(encoding="utf-8")
    pages = [page for folder in ("how-to", "reference", "explanation") for page in (DOCS / folder).glob("*.md")]
    assert [page.name for page in pages if f'"{page.parent.name}/{page.name}"' not in navigation] == []


def test_decisions_index__lists_each_decision_in_order() -> None:
    index = DOCS / "decisions" / "README.md"
    listed = re.findall(r"\((\d{4}-[^)]+\.md)\)", index.read_text(encoding="utf-8"))
    assert listed == sorted(page.name for page in index.parent.glob("[0-9]*.md"))


def test_findings_index__lists_each_script() -> None:
    index = ROOT / "findings" / "README.md"
    listed = set(re.findall(r"\(([\w.-]+\.sh)\)", index.read_text(encoding="utf-8")))
    assert listed == {script.name for script in index.parent.glob("*.sh")}


@pytest.mark.parametrize(
    "index",
    [DOCS / "README.md", DOCS / "decisions" / "README.md", ROOT / "README.md"],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_index__links_lead_somewhere(index: Path) -> None:
    assert [target for target in _links(index) if not target.exists()] == []
