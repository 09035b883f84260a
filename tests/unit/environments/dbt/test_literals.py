"""Values as the database reads them; that it reads them so is tested with the databases themselves."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from pipeproof.environments.dbt.rows.literals import write_csv, write_literal, write_row


@pytest.mark.parametrize(
    ("value", "kind", "literal"),
    [
        (None, "text", "null"),
        (True, "boolean", "true"),
        (Decimal("1.50"), "numeric", "cast('1.50' as numeric)"),
        ("it's", "text", "cast('it''s' as text)"),
        (date(2026, 1, 2), "date", "cast('2026-01-02' as date)"),
        (b"\x00\xff", "bytea", "cast('\\x00ff' as bytea)"),
        ([1, None], "integer[]", "cast(array[cast('1' as integer), null] as integer[])"),
        ({"a": Decimal(2)}, "json", "cast('{\"a\": 2}' as json)"),
    ],
)
def test_literal__has_the_type_of_its_column(value, kind, literal):
    assert write_literal(value, kind) == literal


def test_row__is_in_parentheses():
    assert write_row([1, None], ["integer", "text"]) == "(cast('1' as integer), null)"


def test_csv__tells_null_from_empty_text_and_quotes_the_rest():
    table = pa.table({"text": [None, "", 'a "b", c'], "list": [[1, None], None, []]})
    assert write_csv(table).read() == ',"{""1"",null}"\n"",\n"a ""b"", c","{}"\n'


def test_csv__escapes_the_items_of_a_list():
    table = pa.table({"list": [['a "b"', "c\\d"]]})
    assert write_csv(table).read() == '"{""a \\""b\\"""",""c\\\\d""}"\n'
