"""The fulfilment state machine, with the handlers that run in production: the template says which they are."""

import pytest

from orders import handlers
from pipeproof import ExecutionFailed, returns, throws


@pytest.fixture
def fulfilment(state_machine):
    return state_machine("../template.yaml", name="Fulfilment")


def test_an_order_is_priced_reserved_charged_and_confirmed(fulfilment, order):
    execution = fulfilment.run(order)
    assert execution.path[:3] == ["PriceOrder", "IsLarge", "ReserveLines"]
    assert execution.path[-2:] == ["ChargeCard", "ConfirmOrder"]
    assert execution.output["total_cents"] == 2_590
    assert execution.output["pieces"] == 3


def test_a_large_order_needs_credit(fulfilment, order):
    execution = fulfilment.run(order, mocks={"PriceOrder": returns({"total_cents": 200_000, "shipping_cents": 0})})
    assert "CheckCredit" in execution.path


def test_credit_refused_fails_the_order(fulfilment, order):
    with pytest.raises(ExecutionFailed, match="CreditRefused"):
        fulfilment.run(order, mocks={"PriceOrder": returns({"total_cents": 600_000, "shipping_cents": 0})})


def test_a_busy_stock_service_is_asked_again(fulfilment, order):
    busy = throws("StockServiceBusy", "later")
    execution = fulfilment.run(order, mocks={"ReserveStock": [busy, busy, returns({"reservation": "r"})]})
    assert execution.elapsed == 6
    assert execution.status == "SUCCEEDED"


def test_a_declined_card_releases_the_stock(fulfilment, order):
    execution = fulfilment.run({**order, "payment_token": "expired-1"}, check=False)
    assert (execution.status, execution.error) == ("FAILED", "CardDeclined")
    reservations = execution.outputs("ReserveLines")[0]["reservations"]
    assert execution.outputs("ReleaseStock")[0]["release"] == handlers.release_stock(
        {"reservations": reservations}, None
    )


def test_a_silent_gateway_is_given_up_after_three_retries(fulfilment, order):
    execution = fulfilment.run(order, mocks={"ChargeCard": returns({}, after=31)}, check=False)
    attempts = execution.attempts("ChargeCard")
    assert [attempt.error for attempt in attempts] == ["States.Timeout"] * 4
    assert [attempt.started for attempt in attempts] == [0, 40, 85, 135]
