"""The files of ItemReader, from the developer guide's page on it ("Parsing an input CSV file" and the formats)."""

import gzip
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pipeproof.stepfunctions.engine.items import formats
from pipeproof.stepfunctions.errors import StateFailure

FIRST = {"CSVHeaderLocation": "FIRST_ROW"}


def failing(call: Any) -> str:
    with pytest.raises(StateFailure) as raised:
        list(call())
    assert raised.value.error == "States.ItemReaderFailed"
    return str(raised.value.cause)


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
        ("a\n\n\nb\n", [["a"], ["b"]]),
        ("a\n   \n", [["a"], ["   "]]),
        (",,\n", [["", "", ""]]),
        ('"x, y",2\n', [["x, y", "2"]]),
        ('"x\ny",2\n', [["x\ny", "2"]]),
        ('"x\r\ny"\r\n2\r\n', [["x\r\ny"], ["2"]]),
        ('"say ""hi""",2\n', [['say "hi"', "2"]]),
        ('{""MyKey"":""MyValue""},2\n', [['{"MyKey":"MyValue"}', "2"]]),
        ('""\n', [[""]]),
        ('"",""\n', [["", ""]]),
        ("it's 5\" wide,2\n", [["it's 5\" wide", "2"]]),
        (r'"\"quoted\"",2', [['"quoted"', "2"]]),
        (r"\"quoted\",2", [['"quoted"', "2"]]),
        (r"x\, y,2", [["x, y", "2"]]),
        (r"C:\\Program Files,2", [[r"C:\Program Files", "2"]]),
        (r"C:\Program Files,2", [["C:Program Files", "2"]]),
        ('"C:\\\\dir\\\\",2\n3\n', [["C:\\dir\\", "2"], ["3"]]),
        ("x\\\ny\n", [["x"], ["y"]]),
        ('"never closed,2\n3', [["never closed,2\n3"]]),
        ("ü,日本\n", [["ü", "日本"]]),
        ("", []),
    ],
)
def test_delimited__records(text: str, records: list[list[str]]) -> None:
    assert list(formats.split_records(text, ",")) == records


@given(some.lists(some.lists(some.text(), min_size=2, max_size=4), max_size=5), some.sampled_from(",|;\t "))
def test_delimited__reads_back_what_was_quoted(records: list[list[str]], delimiter: str) -> None:
    def quote(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '""') + '"'

    text = "".join(delimiter.join(map(quote, record)) + "\n" for record in records)
    assert list(formats.split_records(text, delimiter)) == records


@given(some.text(alphabet='a,"\\\r\n ', max_size=30))
def test_delimited__any_text_is_read(text: str) -> None:
    for record in formats.split_records(text, ","):
        assert all(isinstance(field, str) for field in record)


@pytest.mark.parametrize(
    ("config", "text", "items"),
    [
        (FIRST, "a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ({}, "a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ({"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x"]}, "1\n2\n", [{"x": "1"}, {"x": "2"}]),
        ({"CSVHeaders": ["x"]}, "1\n", [{"x": "1"}]),
        (FIRST, "a,b\n1\n", [{"a": "1", "b": ""}]),
        (FIRST, "a\n1,2\n", [{"a": "1"}]),
        (FIRST, "a,b\n", []),
        (FIRST, "", []),
        ({**FIRST, "CSVDelimiter": "COMMA"}, "a,b\n1,2", [{"a": "1", "b": "2"}]),
        ({**FIRST, "CSVDelimiter": "PIPE"}, "a|b\n1|2,3", [{"a": "1", "b": "2,3"}]),
        ({**FIRST, "CSVDelimiter": "SEMICOLON"}, "a;b\n1;2", [{"a": "1", "b": "2"}]),
        ({**FIRST, "CSVDelimiter": "SPACE"}, "a b\n1 2", [{"a": "1", "b": "2"}]),
        ({**FIRST, "CSVDelimiter": "TAB"}, "a\tb\n1\t2", [{"a": "1", "b": "2"}]),
        ({**FIRST, "CSVDelimiter": "PIPE"}, 'a|b\n1\\|2|"3|4"', [{"a": "1|2", "b": "3|4"}]),
    ],
)
def test_delimited__items(config: Any, text: str, items: list[Any]) -> None:
    assert list(formats.read_delimited(text, config)) == items


@pytest.mark.parametrize(
    ("config", "text", "cause"),
    [
        (FIRST, "a,a\n1,2", "CSV headers cannot contain duplicates."),
        ({"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["x", "x"]}, "1", "CSV headers cannot contain duplicates."),
        ({**FIRST, "CSVDelimiter": "COLON"}, "a", "CSVDelimiter 'COLON'"),
    ],
)
def test_delimited__failures(config: Any, text: str, cause: str) -> None:
    assert failing(lambda: formats.read_delimited(text, config)).startswith(cause)


@pytest.mark.parametrize(
    ("text", "pointer", "items", "keyed"),
    [
        ("[1, null, {}]", None, [1, None, {}], False),
        ("[]", None, [], False),
        ('{"a": 1, "b": null}', None, [{"Key": "a", "Value": 1}, {"Key": "b", "Value": None}], True),
        ('{"a": {"b": [3]}}', "/a/b", [3], False),
        ('{"a": [0, [7]]}', "/a/1", [7], False),
        ('{"a": {"b": 1}}', "/a", [{"Key": "b", "Value": 1}], True),
        ('{"a/b": {"m~n": [1]}}', "/a~1b/m~0n", [1], False),
        ('{"": [1]}', "/", [1], False),
        ("[5]", "", [5], False),
    ],
)
def test_json__items(text: str, pointer: Any, items: list[Any], keyed: bool) -> None:
    assert formats.read_json(text, pointer) == (items, keyed)


@pytest.mark.parametrize(
    ("text", "pointer", "cause"),
    [
        ("3", None, "Attempting to map over non-iterable node."),
        ('"text"', None, "Attempting to map over non-iterable node."),
        ("null", None, "Attempting to map over non-iterable node."),
        ('{"a": 1}', "/a", "Attempting to map over non-iterable node."),
        ('{"a": 1}', "/b", "Attempting to map over non-iterable node."),
        ("[1]", "/01", "Attempting to map over non-iterable node."),
        ("[1]", "/9", "Attempting to map over non-iterable node."),
        ("[1]", "a", "ItemsPointer 'a' is not a JSON Pointer"),
        ("[NaN]", None, "The file is not valid JSON: NaN is not a JSON value"),
        ("[1", None, "The file is not valid JSON"),
        ("", None, "The file is not valid JSON"),
        ("[" * 100_000, None, "The file is not valid JSON"),
    ],
)
def test_json__failures(text: str, pointer: Any, cause: str) -> None:
    assert failing(lambda: formats.read_json(text, pointer)).startswith(cause)


def test_json_lines__items() -> None:
    text = '{"a": "x\u2028y"}\r\n\n  \n[1]\nnull'
    assert list(formats.read_json_lines(text)) == [{"a": "x\u2028y"}, [1], None]


def test_json_lines__a_bad_line_is_named() -> None:
    assert failing(lambda: formats.read_json_lines('{"a": 1}\n{"a": \n')).startswith("Line 2 of the file")


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfa,\xc3\xbc",
        "a,ü".encode(),
        "a,ü".encode("utf-16"),
        b"\xfe\xff" + "a,ü".encode("utf-16-be"),
        "a,ü".encode("utf-32"),
        gzip.compress("a,ü".encode()),
        gzip.compress(b"\xef\xbb\xbfa,\xc3\xbc"),
    ],
    ids=["utf-8 with a mark", "utf-8", "utf-16", "utf-16-be", "utf-32", "gzip", "gzip with a mark"],
)
def test_decode__reads_what_says_its_encoding(data: bytes) -> None:
    assert formats.decode(data) == "a,ü"


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        ("a,ü".encode("latin-1"), "The file is not valid UTF-8"),
        (b"\x1f\x8b\x08broken", "The file is not valid gzip"),
        (gzip.compress(b"x" * 99)[:-4], "The file is not valid gzip"),
        (b"\x28\xb5\x2f\xfd\x00", "The file is compressed by Zstandard"),
    ],
    ids=["latin-1", "broken gzip", "cut gzip", "zstandard"],
)
def test_decode__failures(data: bytes, cause: str) -> None:
    assert failing(lambda: formats.decode(data)).startswith(cause)


def parquet(columns: dict[str, Any]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("values", "items"),
    [
        ([1, None], [1, None]),
        ([1.5, float("nan")], [1.5, None]),
        (["ü"], ["ü"]),
        ([True], [True]),
        ([Decimal("1.5")], [1.5]),
        ([date(2026, 1, 2)], ["2026-01-02"]),
        ([datetime(2026, 1, 2, 3, 4, tzinfo=UTC)], ["2026-01-02T03:04:00+00:00"]),
        ([b"abc"], ["abc"]),
        ([b"\xff"], ["/w=="]),
        ([[1, 2], []], [[1, 2], []]),
        ([{"x": {"y": 1}}], [{"x": {"y": 1}}]),
    ],
)
def test_parquet__items(values: list[Any], items: list[Any]) -> None:
    found = list(formats.read_parquet(parquet({"a": values})))
    assert found == [{"a": item} for item in items]
    json.dumps(found, allow_nan=False)


def test_parquet__maps_are_objects() -> None:
    import pyarrow

    column = pyarrow.array([[("k", 1)], []], pyarrow.map_(pyarrow.string(), pyarrow.int64()))
    assert list(formats.read_parquet(parquet({"a": column}))) == [{"a": {"k": 1}}, {"a": {}}]


def test_parquet__failures() -> None:
    assert failing(lambda: formats.read_parquet(b"no parquet")).startswith("The file is not valid Parquet")
