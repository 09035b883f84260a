"""There is a file of this name in another folder."""


REGION = "us"


def test_region():
    assert REGION == "both"  # <- call
