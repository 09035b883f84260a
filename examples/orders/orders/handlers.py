"""The Lambda functions of the fulfilment state machine.

An exception's class is the error's name in the state machine, which retries some and catches others.
"""

from typing import Any

STOCK = {"TEA-ASSAM": 400, "TEA-SENCHA": 120, "CUP-BLUE": 36, "POT-IRON": 4}
CREDIT_LIMIT_CENTS = 500_000


class CreditRefused(Exception):
    """The customer may not owe us that much."""


class OutOfStock(Exception):
    """There is not enough of an article."""


class CardDeclined(Exception):
    """The bank says no; asking again does not help."""


def price_order(event: dict[str, Any], context: Any) -> dict[str, Any]:
    total = sum(line["quantity"] * line["unit_price_cents"] for line in event["lines"])
    shipping = 0 if total >= 5_000 else 490
    return {"goods_cents": total, "shipping_cents": shipping, "total_cents": total + shipping}


def check_credit(event: dict[str, Any], context: Any) -> dict[str, Any]:
    total = event["pricing"]["total_cents"]
    if total > CREDIT_LIMIT_CENTS:
        raise CreditRefused(f"{event['customer_id']}: {total} is over the limit of {CREDIT_LIMIT_CENTS}")
    return {"approved": True, "limit_cents": CREDIT_LIMIT_CENTS}


def reserve_stock(event: dict[str, Any], context: Any) -> dict[str, Any]:
    line = event["line"]
    if line["quantity"] > STOCK.get(line["sku"], 0):
        raise OutOfStock(f"{event['order_id']}: {line['quantity']} of {line['sku']}")
    return {"sku": line["sku"], "reservation": f"{event['order_id']}/{line['sku']}"}


def charge_card(event: dict[str, Any], context: Any) -> dict[str, Any]:
    if event["payment_token"].startswith("expired"):
        raise CardDeclined(f"{event['order_id']}: the card has expired")
    return {"charge": f"charge-{event['order_id']}", "amount_cents": event["pricing"]["total_cents"]}


def release_stock(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"released": [reservation["reservation"] for reservation in event.get("reservations", [])]}
