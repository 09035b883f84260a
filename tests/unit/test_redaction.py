import base64
import html
import json
import quopri
import re
import textwrap
from itertools import pairwise
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.redaction import MASK, Redactor

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY=EXAMPLE&KEY<1>"

KEYS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/+=_-.", min_size=8, max_size=120)
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="*"), max_size=80)

ENCODERS = {
    "as it is": lambda text: text,
    "url": lambda text: quote(text, safe=""),
    "url lower case": lambda text: re.sub("%..", lambda escape: escape[0].lower(), quote(text, safe="/")),
    "form": quote_plus,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 after one byte": lambda text: base64.b64encode(b"x" + text.encode() + b"yz").decode(),
    "base64 after two bytes": lambda text: base64.b64encode(b"xy" + text.encode() + b"z").decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "base64 of base64": lambda text: base64.b64encode(b"x" + base64.b64encode(b"y" + text.encode())).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32 after three bytes": lambda text: base64.b32encode(b"xyz" + text.encode() + b"z").decode(),
    "base85": lambda text: base64.b85encode(text.encode()).decode(),
    "ascii85 after a byte": lambda text: base64.a85encode(b"x" + text.encode()).decode(),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).decode(),
    "UTF-16": lambda text: text.encode("utf-16-le").decode(),
    "json": json.dumps,
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "html": html.escape,
    "xml": quoteattr,
    "repr": repr,
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal upper case": lambda text: text.encode().hex().upper(),
    "hexadecimal dump": lambda text: text.encode().hex(" ", 2),
    "percent for each": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "escape for each": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "wrapped": lambda text: textwrap.fill(text, 9, break_long_words=True, drop_whitespace=False),
    "a character a line": "\n".join,
    "spaced": " ".join,
    "coloured": lambda text: "\x1b[31m".join(text),
    "reversed": lambda text: text[::-1],
    "truncated": lambda text: text[: max(8, len(text) // 2)] + "…",
}


def squeeze(text: str) -> str:
    return re.sub(r"\s|\x1b\[[0-9;]*m", "", text)


def list_survivors(secret: str, text: str) -> list[str]:
    secret, text = squeeze(secret), squeeze(text)
    return [secret[at : at + 8] for at in range(len(secret) - 7) if secret[at : at + 8] in text]


@pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS.keys())
def test_redact__each_encoding_of_a_secret_is_gone(encoder) -> None:
    encoded = encoder(SECRET)
    clean = Redactor([SECRET]).redact(f"before\n{encoded}\nafter")
    assert clean.startswith("before\n")
    assert clean.endswith("\nafter")
    assert MASK in clean
    pieces = squeeze(encoded)
    assert not [pieces[at : at + 18] for at in range(len(pieces) - 17) if pieces[at : at + 18] in squeeze(clean)]


@given(KEYS, ANYTHING, ANYTHING, st.sampled_from(sorted(ENCODERS)))
@settings(max_examples=300, deadline=None)
def test_redact__random_secrets_in_random_texts__nothing_of_eight_characters_survives(
    secret, before, after, name
) -> None:
    clean = Redactor([secret]).redact(before + ENCODERS[name](secret) + after)
    assert not list_survivors(secret, clean)


@given(ANYTHING.filter(lambda text: len(squeeze(text)) >= 8), ANYTHING, ANYTHING)
@settings(max_examples=200, deadline=None)
def test_redact__secrets_of_any_characters(secret, before, after) -> None:
    clean = Redactor([secret]).redact(before + secret + after)
    assert not list_survivors("".join(secret.split()), "".join(clean.split()))


@given(
    KEYS,
    ANYTHING,
    ANYTHING,
    st.lists(st.integers(0, 400), max_size=8),
    st.sampled_from(sorted(ENCODERS)),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_stream__cut_anywhere__nothing_of_eight_characters_survives(
    secret, before, after, cuts, name, as_bytes
) -> None:
    text = before + ENCODERS[name](secret) + after
    data = text.encode() if as_bytes else text
    stream = Redactor([secret]).stream()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    clean = "".join(stream.feed(data[a:b]) for a, b in pairwise(edges)) + stream.flush()
    assert not list_survivors(secret, clean)


@given(KEYS, st.integers(1, 7))
@settings(max_examples=100, deadline=None)
def test_stream__flushed_after_each_few_characters__nothing_of_eight_characters_survives(secret, size) -> None:
    stream = Redactor([secret]).stream()
    chunks = [secret[at : at + size] for at in range(0, len(secret), size)]
    clean = "".join(stream.feed(chunk + "\n") + stream.flush() for chunk in chunks)
    assert not list_survivors(secret, clean)


@given(ANYTHING)
def test_redact__a_text_without_secrets_is_the_same(text) -> None:
    assert Redactor(["Zq8vT1xWn3Lk5Jh7Gf9D"]).redact(text) == text


@given(st.binary(max_size=200))
def test_redact_bytes__what_is_no_utf_8_passes_through(data) -> None:
    assert Redactor(["Zq8vT1xWn3Lk5Jh7Gf9D"]).redact_bytes(data) == data


@given(ANYTHING, st.lists(st.integers(0, 100), max_size=5))
def test_stream__passes_on_everything(text, cuts) -> None:
    stream = Redactor(["Zq8vT1xWn3Lk5Jh7Gf9D"]).stream()
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    clean = "".join(stream.feed(text[a:b]) for a, b in pairwise(edges)) + stream.flush()
    assert clean == text


def test_redact__keeps_the_lines() -> None:
    lines = "\n".join(SECRET)
    assert Redactor([SECRET]).redact(lines).count("\n") == lines.count("\n")


def test_redact__a_short_secret_is_found_whole() -> None:
    assert Redactor(["hunter2"]).redact("user:hunter2@host, hunter") == f"user:{MASK}@host, hunter"


def test_redact__blank_and_tiny_values_are_no_secrets() -> None:
    assert Redactor(["", "  \n ", "abc"]).redact("a b c abc") == "a b c abc"


def test_stream__whole_lines_are_passed_on_at_once() -> None:
    stream = Redactor([SECRET]).stream()
    assert stream.feed("one\ntwo\nthr") == "one\ntwo\n"
    assert stream.feed("ee\n") == "three\n"


def test_stream__a_line_without_end_is_not_kept_for_ever() -> None:
    stream = Redactor([SECRET]).stream()
    assert len(stream.feed("x" * 100_000)) == 100_000


def test_stream__a_secret_that_is_added_later_is_found() -> None:
    redactor = Redactor()
    stream = redactor.stream()
    assert stream.feed(f"{SECRET}\n") == f"{SECRET}\n"
    redactor.add(SECRET)
    assert stream.feed(f"{SECRET}\n") == f"{MASK}\n"


@pytest.mark.parametrize("line", ["-" * 80, "", " " * 200, "=" * 5000, "\x1b[31m" * 40, "'\",:;%" * 20])
def test_stream__its_cost_is_that_of_the_text(line) -> None:
    """What it remembers stays short, whatever it is fed: each line was searched with all of those before it once."""
    stream = Redactor([SECRET]).stream()
    for _ in range(50):
        stream.feed(f"{line}\n")
        assert len(stream._context.text) + len(stream._context.digits) <= 64
    assert SECRET[:8] not in stream.feed(SECRET[:30]) + stream.flush()


@pytest.mark.parametrize("between", ["\n", "\n" * 400, "\x1b[0m" * 100, "\0", " " * 70_000])
def test_stream__a_secret_a_character_a_chunk__whatever_stands_between(between) -> None:
    stream = Redactor([SECRET]).stream()
    shown = "".join(stream.feed(f"{character}{between}") for character in SECRET) + stream.flush()
    assert SECRET[8:] not in shown.replace(between, "")
