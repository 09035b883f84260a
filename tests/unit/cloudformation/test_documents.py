"""Documents that know where their keys stand."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.cloudformation import DocumentError, load_document, locate, parse_document

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4), st.sampled_from([None, 2, "\t"]))
def test_parse_document__any_json_object__is_what_json_reads(value: dict, indent: object) -> None:
    text = json.dumps(value, indent=indent)
    assert parse_document(text, "x.json") == value


def test_parse_document__json__knows_lines_of_keys_and_items() -> None:
    document = parse_document('{\n\t"a": {"b": [1,\n  {"c":2}]}\n}', "x.json")
    assert locate(document, "a").line == 2
    assert (locate(document["a"]["b"], 1).line, locate(document["a"]["b"], 1).column) == (3, 3)
    assert str(locate(document["a"]["b"][1], "c")) == "x.json:3:4"


def test_parse_document__short_forms__are_long_forms() -> None:
    document = parse_document(
        "a: !Sub '${X}-y'\nb: !GetAtt Table.Arn\nc: !Ref X\nd: !If [Prod, !Ref A, !Ref 'AWS::NoValue']\n"
        "e: !Condition Prod\nf: !GetAtt Nested.Outputs.Arn\n"
    )
    assert document == {
        "a": {"Fn::Sub": "${X}-y"},
        "b": {"Fn::GetAtt": ["Table", "Arn"]},
        "c": {"Ref": "X"},
        "d": {"Fn::If": ["Prod", {"Ref": "A"}, {"Ref": "AWS::NoValue"}]},
        "e": {"Condition": "Prod"},
        "f": {"Fn::GetAtt": ["Nested", "Outputs.Arn"]},
    }
    assert locate(document["b"]).line == 2


def test_parse_document__version_date__stays_text() -> None:
    assert parse_document("Version: 2012-10-17\nn: 3\nt: true") == {"Version": "2012-10-17", "n": 3, "t": True}


def test_parse_document__anchors_and_merge_keys__own_keys_win() -> None:
    document = parse_document("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\n")
    assert document["use"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    ("text", "name", "place"),
    [
        ('{"a": 1,\n "a": 2}', "x.json", "x.json:2:2"),
        ("a: 1\nb: 2\na: 3\n", "x.yaml", "x.yaml:3:1"),
        ('{\n"a": }', "x.json", "x.json:2:6"),
        ("a: [1\nb: 2", "x.yaml", "x.yaml:2:2"),
        ("a: \x00", "x.yaml", "x.yaml:1"),
        ("a: &x [*x]", "x.yaml", "x.yaml:1:4"),
    ],
)
def test_parse_document__broken__says_where(text: str, name: str, place: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document(text, name)
    assert str(caught.value.location) == place


def test_load_document__no_such_file__is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"missing\.yaml cannot be read"):
        load_document(tmp_path / "missing.yaml")
