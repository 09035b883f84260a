"""JSON values: their size, and UUIDs from a source of chance."""

import uuid
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeproof.stepfunctions.values import byte_size, fits, random_uuid

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)


@given(JSON, st.integers(-3, 3), st.sampled_from([1, 2, 3, 4, 6]))
def test_fits__is_what_the_size_says(value: Any, more: int, times: int) -> None:
    """Also near to the bound under which nothing is measured."""
    size = byte_size(value)
    for limit in (size + more, size * times + more, size // times + more):
        assert fits(value, limit) == (size <= limit)


@given(st.integers(0, 2**64))
def test_random_uuid__is_a_uuid_of_version_4(seed: int) -> None:
    expected = uuid.UUID(int=Random(seed).getrandbits(128), version=4)
    assert random_uuid(Random(seed)) == str(expected)
