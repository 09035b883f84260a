"""A few state machines of the differential lane (tests/differential), here and with moto's own interpreter."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LANE = Path(__file__).parents[2] / "differential"


@pytest.fixture
def lane(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(LANE))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    yield
    for name in ("machines", "state_machines"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("lane")
def test_generated_machines__end_as_in_moto_or_as_a_rule_of_awss_says(capsys: pytest.CaptureFixture[str]) -> None:
    from state_machines import compare  # type: ignore[import-not-found]

    found = compare(25, 25, 7)
    assert found["DISAGREES"] == 0, capsys.readouterr().out
    assert found["agrees"] > 5


@pytest.mark.usefixtures("lane")
def test_kinds_of_difference__stand_in_the_table_with_their_rules() -> None:
    from state_machines import EXPLAINED

    page = (LANE.parents[1] / "docs" / "explanation" / "differential.md").read_text(encoding="utf-8")
    table = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in page.splitlines() if line[:2] == "| "]
    written = {what: (rule.strip('"'), source) for what, _, rule, source in table}
    for kind in EXPLAINED:
        assert written.get(kind.what) == (kind.rule.strip('"'), kind.source)
