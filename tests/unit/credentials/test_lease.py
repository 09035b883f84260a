import pytest

from pipeproof.credentials.lease import Lease


@pytest.mark.parametrize(("life", "margin"), [(5, 2.5), (900, 450), (3600, 1200), (43200, 1200)])
def test_margin__half_of_a_short_life_and_twenty_minutes_of_a_long_one(life, margin) -> None:
    """AWS's SDKs ask for new credentials 900 seconds before the end: they have to find new ones then."""
    assert Lease({}, 1000.0, 1000.0 + life, {}).margin == margin


def test_lease__does_not_show_its_values() -> None:
    assert "hidden" not in repr(Lease({"TOKEN": "hidden"}, 0, 1, {}))
