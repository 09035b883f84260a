"""The events: what is written is read, in whatever pieces it comes and whatever is between."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.events import EventReader, EventWriter

ANY_TEXT = st.text(st.characters(), max_size=40)  # lone surrogates are among them


@contextmanager
def opened_pipe() -> Iterator[tuple[int, EventWriter]]:
    read, write = os.pipe()
    try:
        yield read, EventWriter(write)
    finally:
        os.close(read)
        os.close(write)


def events_of(*pieces: bytes) -> list[dict[str, Any]]:
    reader = EventReader()
    return [event for piece in pieces for event in reader.feed(piece)]


@given(name=ANY_TEXT, file=ANY_TEXT, value=ANY_TEXT)
def test_writer__any_name_comes_back_as_it_was(name: str, file: str, value: str) -> None:
    with opened_pipe() as (read, writer):
        writer.send_start(name, 1.5, file, 3)
        writer.send_passed(name, (0.25, 0.5, 1e-07), file)
        writer.send("phase", id=name, reason=value, nothing=None)
        start, passed, phase = events_of(os.read(read, 1 << 16))
    assert start == {"event": "start", "id": name, "at": 1.5, "file": file, "line": 3}
    assert passed == {"event": "passed", "id": name, "durations": [0.25, 0.5, 1e-07], "worker": file}
    assert phase == {"event": "phase", "id": name, "reason": value}


@given(
    st.lists(st.dictionaries(ANY_TEXT, ANY_TEXT | st.integers() | st.booleans(), max_size=3), max_size=5),
    st.data(),
)
def test_reader__gives_the_same_however_the_bytes_are_split(records: list[dict[str, Any]], data: Any) -> None:
    sent = [record | {"event": "x"} for record in records]
    stream = "".join(json.dumps(record) + "\n" for record in sent).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert events_of(*pieces) == sent


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line), max_size=5))
def test_reader__passes_over_what_is_no_event(garbage: list[bytes]) -> None:
    stream = b"".join(line + b"\n" for line in garbage) + b'{"event":"finish","status":0}\n'
    assert events_of(stream)[-1] == {"event": "finish", "status": 0}


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"event":' * 50_000,
        b'{"event": 5}',
        b"[1]",
        b"null",
        b"1" * 5000,
        b'{"event": "x"',
        b"\xff\xfe{}",
        b'{"event":"x"}\r{',
    ],
)
def test_reader__survives_a_hostile_line(line: bytes) -> None:
    assert events_of(line + b'\n{"event":"finish"}\n') == [{"event": "finish"}]


def test_reader__holds_no_endless_line() -> None:
    reader = EventReader()
    piece = b"x" * (1 << 20)
    for _ in range(80):
        assert not list(reader.feed(piece))
    assert reader._held <= (1 << 26) + len(piece)
    assert list(reader.feed(b'\n{"event":"finish"}\n')) == [{"event": "finish"}]


def test_writer__is_silent_once_the_reader_is_gone() -> None:
    read, write = os.pipe()
    writer = EventWriter(write)
    os.close(read)
    writer.send("x")
    writer.send("y")
    os.close(write)


def test_writer__is_silent_in_a_forked_child() -> None:
    with opened_pipe() as (read, writer):
        child = os.fork()
        if not child:
            writer.send("child")
            os._exit(0)
        os.waitpid(child, 0)
        writer.send("parent")
        assert events_of(os.read(read, 1 << 16)) == [{"event": "parent"}]


def test_writer__keeps_its_descriptor_from_what_a_test_starts() -> None:
    read, write = os.pipe()
    os.set_inheritable(write, True)
    EventWriter(write)
    assert not os.get_inheritable(write)
    os.close(read)
    os.close(write)
