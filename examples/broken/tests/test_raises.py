"""Cannot be collected: it raises while it is imported."""

import os

PASSWORD = os.environ["A_VARIABLE_THAT_NOBODY_SET"]  # <- collection


def test_never_collected():
    assert PASSWORD
