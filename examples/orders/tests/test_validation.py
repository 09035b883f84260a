import pytest

from orders.validation import InvalidOrder, Line, read_lines, validate


def test_validate__amounts_become_cents(record):
    assert validate(record).lines == (Line("TEA-ASSAM", 2, 450), Line("CUP-BLUE", 1, 1200))


def test_validate__lines_of_the_same_article_are_added_up(record):
    record["lines"] = [{"sku": "TEA-ASSAM", "quantity": 1, "unit_price": "4.50"}] * 3

    assert validate(record).lines == (Line("TEA-ASSAM", 3, 450),)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"order_id": "1001"}, "no order id"),
        ({"currency": "XAU"}, "currency 'XAU' is not one of EUR, GBP, USD"),
        ({"customer_id": ""}, "no customer_id"),
        ({"ordered_at": "yesterday"}, "is no time"),
        ({"ordered_at": None}, "is no time"),
        ({"lines": []}, "no lines"),
        ({"lines": [{"sku": "TEA-ASSAM"}]}, "is no line of an order"),
        ({"lines": [{"sku": "TEA-ASSAM", "quantity": 0, "unit_price": "4.50"}]}, "0 of TEA-ASSAM"),
        ({"lines": [{"sku": "TEA-ASSAM", "quantity": 1, "unit_price": "4.505"}]}, "is no price"),
        ({"lines": [{"sku": "TEA-ASSAM", "quantity": 1, "unit_price": "-1"}]}, "is no price"),
    ],
)
def test_validate__says_what_is_wrong(record, change, reason):
    with pytest.raises(InvalidOrder, match=reason):
        validate(record | change)


def test_read_lines__passes_over_empty_lines():
    assert read_lines('{"a": 1}\n\n{"a": 2}\n') == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(("text", "reason"), [("{}\n{", "line 2 is not JSON"), ("[]", "line 1 is not an object")])
def test_read_lines__names_the_line_that_is_wrong(text, reason):
    with pytest.raises(InvalidOrder, match=reason):
        read_lines(text)
