import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.identity.github import REQUEST_TOKEN, REQUEST_URL, find_runners_tokens
from pipeproof.identity.token import Claims, IdTokenError, decode_claims


def make_token(payload: bytes) -> str:
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b"{}", payload, b"signature"))


def test_decode_claims__reads_what_a_token_says() -> None:
    assert decode_claims(make_token(b'{"sub": "repo:a/b", "run_id": 7}'), "It").text("sub") == "repo:a/b"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans()))
def test_decode_claims__any_claims(values) -> None:
    assert decode_claims(make_token(json.dumps(values).encode()), "It").values == values


@given(st.text() | st.binary().map(make_token))
def test_decode_claims__what_is_no_token_is_not_repeated(text) -> None:
    with suppress(IdTokenError):
        decode_claims(text, "It")
        return
    with pytest.raises(IdTokenError) as caught:
        decode_claims(text, "It")
    assert len(text) < 8 or text not in str(caught.value)


def test_claims__only_those_that_decide_are_shown() -> None:
    shown = Claims({"sub": "repo:a/b", "aud": "x", "email": "someone@example.com"}).render()
    assert shown == "sub=repo:a/b, aud=x"


def test_find_runners_tokens__none_where_the_runner_set_nothing() -> None:
    assert find_runners_tokens({}) is None


@pytest.mark.parametrize(
    "environment",
    [{REQUEST_URL: "https://a"}, {REQUEST_TOKEN: "t"}, {REQUEST_URL: "file:///etc/passwd", REQUEST_TOKEN: "t"}],
    ids=["no token", "no address", "no HTTP address"],
)
def test_find_runners_tokens__broken(environment) -> None:
    with pytest.raises(IdTokenError):
        find_runners_tokens(environment)


def test_find_runners_tokens__does_not_show_its_token() -> None:
    assert "hidden" not in repr(find_runners_tokens({REQUEST_URL: "https://a", REQUEST_TOKEN: "hidden"}))
