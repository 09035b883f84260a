"""Cannot be collected: the name is not in the module."""

from shop.prices import gross  # <- collection


def test_never_collected():
    assert gross(1) == 1
