"""Lines out of pieces."""

from hypothesis import given
from hypothesis import strategies as st

from pipeproof.sandbox.output import Lines


@given(st.lists(st.binary(max_size=20)))
def test_lines__are_the_same_however_the_bytes_are_split(pieces: list[bytes]) -> None:
    split: list[str] = []
    whole: list[str] = []
    for taken, fed in ((split, pieces), (whole, [b"".join(pieces)])):
        lines = Lines(taken.append)
        for piece in fed:
            lines.feed(piece)
        lines.close()
    assert split == whole


def test_lines__of_an_endless_line_are_handed_on_in_parts() -> None:
    taken: list[str] = []
    lines = Lines(taken.append)
    for _ in range(40):
        lines.feed(b"x" * (1 << 20))
    assert taken
    lines.close()
    assert sum(map(len, taken)) == 40 << 20


def test_lines__remember_the_last_complaint() -> None:
    lines = Lines(lambda _: None)
    lines.feed(b"ERROR: usage: pytest\r\npytest: error: unrecognized arguments: --x\r\n  rootdir: /x\n")
    assert lines.complaint == "pytest: error: unrecognized arguments: --x"
