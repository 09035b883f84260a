"""Words and numbers as the reports write them for people."""

import pytest

from pipeproof.report.wording import percent, tell
from pipeproof.results.model import Failure

LISTS = "assert [{'id': 0, 'n...}, ...] == [{'id': 0, 'n...}, ...]"


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("assert 1 == 2", "E: assert 1 == 2"),
        ("assert 1 == 2\n\n  At index 0 diff: 1 != 2", "E: assert 1 == 2"),
        (f"{LISTS}\n  \n  At index 17 diff: 25.5 != 26.0\n  Use -v", f"E: {LISTS} At index 17 diff: 25.5 != 26.0"),
        (
            "assert {'a': ...} == {}\n  Differing items:\n  {'b': 1} != {'b': 2}",
            "E: assert {'a': ...} == {} {'b': 1} != {'b': 2}",
        ),
    ],
)
def test_tell__says_where_values_differ_that_are_shortened(message: str, told: str) -> None:
    assert tell(Failure("call", "E", message)) == told


@pytest.mark.parametrize(("share", "told"), [(100, "100 %"), (99.96, "99.9 %"), (0, "0 %"), (66.67, "66.6 %")])
def test_percent__is_rounded_down(share: float, told: str) -> None:
    assert percent(share) == told
