"""Cannot be collected: it is not Python."""


def test_never_collected():
    total = 1 +  # <- collection
    assert total
