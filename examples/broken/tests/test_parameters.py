# Cannot be collected: the parameters do not fit the function, and pytest knows of no line.  # <- collection

import pytest


@pytest.mark.parametrize("quantity", [1, 2])
def test_never_collected(amount):
    assert amount
