"""What the tests of the pipeline share: an order as the shop sends it, and as the state machine gets it."""

from typing import Any

import pytest

from orders.validation import validate


@pytest.fixture
def record() -> dict[str, Any]:
    return {
        "order_id": "A-1001",
        "customer_id": "C-7",
        "ordered_at": "2026-11-20T09:12:00+00:00",
        "currency": "EUR",
        "payment_token": "card-4242",
        "lines": [
            {"sku": "TEA-ASSAM", "quantity": 2, "unit_price": "4.50"},
            {"sku": "CUP-BLUE", "quantity": 1, "unit_price": "12.00"},
        ],
    }


@pytest.fixture
def order(record) -> dict[str, Any]:
    return validate(record).as_input()
