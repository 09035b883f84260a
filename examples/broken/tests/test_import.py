"""Cannot be collected: what it imports cannot be imported."""

from shop.legacy import TARIFF


def test_never_collected():
    assert TARIFF
