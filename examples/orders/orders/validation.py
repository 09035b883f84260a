"""What an order has to look like before anything is done with it. Amounts are in cents from here on."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

CURRENCIES = frozenset({"EUR", "GBP", "USD"})


class InvalidOrder(ValueError):
    """An order that cannot be processed, and why."""


@dataclass(frozen=True)
class Line:
    sku: str
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True)
class Order:
    order_id: str
    customer_id: str
    ordered_at: str
    currency: str
    payment_token: str
    lines: tuple[Line, ...]

    def as_input(self) -> dict[str, Any]:
        """The order as the state machine takes it."""
        return asdict(self) | {"lines": [asdict(line) for line in self.lines]}


def read_lines(text: str) -> list[dict[str, Any]]:
    """Read JSON lines; a line that is no JSON object is an `InvalidOrder` that names its number."""
    records = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise InvalidOrder(f"line {number} is not JSON: {error.msg}") from error
        if not isinstance(record, dict):
            raise InvalidOrder(f"line {number} is not an object")
        records.append(record)
    return records


def validate(record: dict[str, Any]) -> Order:
    """Turn one record into an order, or raise `InvalidOrder`."""
    order_id = str(record.get("order_id", ""))
    if not re.fullmatch(r"[A-Z]-\d{1,9}", order_id):
        raise InvalidOrder(f"{order_id!r} is no order id")
    currency = record.get("currency")
    if currency not in CURRENCIES:
        raise InvalidOrder(f"{order_id}: currency {currency!r} is not one of {', '.join(sorted(CURRENCIES))}")
    for field in ("customer_id", "payment_token"):
        if not record.get(field):
            raise InvalidOrder(f"{order_id}: no {field}")
    lines = record.get("lines") or []
    if not lines:
        raise InvalidOrder(f"{order_id}: no lines")
    return Order(
        order_id=order_id,
        customer_id=record["customer_id"],
        ordered_at=_timestamp(order_id, record.get("ordered_at")),
        currency=currency,
        payment_token=record["payment_token"],
        lines=tuple(_merge(_line(order_id, line) for line in lines)),
    )


def _timestamp(order_id: str, text: Any) -> str:
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S")
    except (TypeError, ValueError) as error:
        raise InvalidOrder(f"{order_id}: ordered_at {text!r} is no time") from error


def _line(order_id: str, line: dict[str, Any]) -> Line:
    try:
        sku, quantity, price = line["sku"], int(line["quantity"]), Decimal(str(line["unit_price"]))
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise InvalidOrder(f"{order_id}: {line!r} is no line of an order") from error
    if quantity < 1:
        raise InvalidOrder(f"{order_id}: {quantity} of {sku}")
    cents = price * 100
    if cents < 0 or cents != cents.to_integral_value():
        raise InvalidOrder(f"{order_id}: {price} is no price")
    return Line(sku, quantity, int(cents))


def _merge(lines: Iterable[Line]) -> Iterable[Line]:
    """Add up lines of the same article at the same price."""
    quantities: dict[tuple[str, int], int] = {}
    for line in lines:
        article = (line.sku, line.unit_price_cents)
        quantities[article] = quantities.get(article, 0) + line.quantity
    for (sku, cents), quantity in quantities.items():
        yield Line(sku, quantity, cents)
