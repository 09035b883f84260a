import pytest

from orders import handlers


def test_price_order__small_orders_pay_for_shipping(order):
    assert handlers.price_order(order, None) == {"goods_cents": 2100, "shipping_cents": 490, "total_cents": 2590}


def test_price_order__large_orders_do_not(order):
    order["lines"][0]["quantity"] = 20

    assert handlers.price_order(order, None)["shipping_cents"] == 0


def test_check_credit__refuses_what_is_over_the_limit(order):
    order["pricing"] = {"total_cents": 500_001}

    with pytest.raises(handlers.CreditRefused, match="C-7: 500001"):
        handlers.check_credit(order, None)


def test_reserve_stock__names_the_reservation(order):
    event = {"order_id": "A-1001", "line": order["lines"][0]}

    assert handlers.reserve_stock(event, None) == {"sku": "TEA-ASSAM", "reservation": "A-1001/TEA-ASSAM"}


@pytest.mark.parametrize(("sku", "quantity"), [("POT-IRON", 5), ("POT-GOLD", 1)])
def test_reserve_stock__not_enough(sku, quantity):
    event = {"order_id": "A-1001", "line": {"sku": sku, "quantity": quantity}}

    with pytest.raises(handlers.OutOfStock, match=sku):
        handlers.reserve_stock(event, None)


def test_charge_card__an_expired_card(order):
    order |= {"payment_token": "expired-4242", "pricing": {"total_cents": 2590}}

    with pytest.raises(handlers.CardDeclined):
        handlers.charge_card(order, None)


def test_release_stock__nothing_was_reserved(order):
    assert handlers.release_stock(order, None) == {"released": []}
