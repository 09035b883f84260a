"""The string functions."""

import base64
import binascii
import math
import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, internal_error
from pipeproof.stepfunctions.expressions.jsonata.running import check_length, check_text
from pipeproof.stepfunctions.expressions.jsonata.texts import text as to_text
from pipeproof.stepfunctions.expressions.jsonata.values import units
from pipeproof.stepfunctions.values import MISSING

_COMPONENT = "-_.!~*'()"
_URL = _COMPONENT + ";/?:@&=+$,#"
_BROKEN = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_URL_ESCAPES = re.compile(r"(?:%(?!3[aAbBdDfF]|2[346bBcCfF]|40)[0-9A-Fa-f]{2})+")
_BLANKS = re.compile(r"[ \t\n\r]+")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?")


def string(value: Any, pretty: Any = False) -> Any:
    """$string."""
    return to_text(value, pretty is True)


def substring(text: Any, start: Any, length: Any) -> Any:
    """$substring: from a place, counted from the end if negative, so many characters."""
    if text is MISSING:
        return MISSING
    size = len(text)
    start = math.nan if start is MISSING else start
    if size + start < 0:
        start = 0
    if length is MISSING:
        return text[_cut(start, size) :]
    if length <= 0:
        return ""
    end = start + length if start >= 0 else size + start + length
    return text[_cut(start, size) : _cut(end, size)]


def _cut(position: int | float, size: int) -> int:
    """Return a place in a text of this size, without its fraction; what is no number is the first place."""
    return 0 if position != position else math.trunc(max(-size, min(position, size)))


def substring_before(text: Any, token: Any) -> Any:
    """$substringBefore; the whole text where the token is not in it."""
    if text is MISSING or token is MISSING:
        return text
    before, found, _ = text.partition(token) if token else ("", "-", "")
    return before if found else text


def substring_after(text: Any, token: Any) -> Any:
    """$substringAfter; the whole text where the token is not in it."""
    if text is MISSING or token is MISSING:
        return text
    _, found, after = text.partition(token) if token else ("", "-", text)
    return after if found else text


def lowercase(text: Any) -> Any:
    """$lowercase."""
    return MISSING if text is MISSING else text.lower()


def uppercase(text: Any) -> Any:
    """$uppercase."""
    return MISSING if text is MISSING else text.upper()


def length(text: Any) -> Any:
    """$length, in characters."""
    return MISSING if text is MISSING else len(text)


def trim(text: Any) -> Any:
    """$trim: blanks made single, and taken away from both ends."""
    if text is MISSING:
        return MISSING
    single = _BLANKS.sub(" ", text)
    return single[single.startswith(" ") : len(single) - (single.endswith(" ") and len(single) > 1)]


def pad(text: Any, width: Any, padding: Any) -> Any:
    """Return the text filled up to a width; a negative width fills the left side."""
    if text is MISSING or width is MISSING or width != width:
        return text
    filling = " " if padding is MISSING or padding == "" else padding
    missing = abs(math.trunc(width)) - len(text)
    if missing <= 0:
        return text
    check_length(missing)
    added = (filling * (missing // len(filling) + 1))[:missing]
    return check_text(text + added if width > 0 else added + text)


def join(texts: Any, separator: Any) -> Any:
    """$join."""
    if texts is MISSING:
        return MISSING
    return check_text(("" if separator is MISSING else separator).join(texts))


def base64_encode(text: Any) -> Any:
    """Base64 of the text's characters, one byte each: what does not fit into a byte loses its upper part."""
    if text is MISSING:
        return MISSING
    return base64.b64encode(bytes(ord(letter) & 0xFF for letter in units(text))).decode()


def base64_decode(text: Any) -> Any:
    """Return the characters that the bytes stand for.

    Raises:
        JsonataError: It is no base64. The reference gives something; the service has an internal error.
    """
    if text is MISSING:
        return MISSING
    if not _BASE64.fullmatch(text):
        raise internal_error(f"$base64decode: {text!r} is not base64")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("latin-1")
    except binascii.Error as error:
        raise internal_error(f"$base64decode: {error}") from error


def _encoded(text: Any, safe: str, name: str) -> Any:
    if text is MISSING:
        return MISSING
    try:
        return quote(text, safe=safe)
    except UnicodeEncodeError as error:
        raise JsonataError("D3140", value=text, name=name) from error


def encode_url_component(text: Any) -> Any:
    """$encodeUrlComponent."""
    return _encoded(text, _COMPONENT, "encodeUrlComponent")


def encode_url(text: Any) -> Any:
    """$encodeUrl: what parts a URL stays as it is."""
    return _encoded(text, _URL, "encodeUrl")


def _decoded(text: Any, escapes: re.Pattern[str], name: str) -> Any:
    if text is MISSING:
        return MISSING
    if _BROKEN.search(text):
        raise JsonataError("D3140", value=text, name=name)
    try:
        return escapes.sub(lambda found: unquote_to_bytes(found[0]).decode(), text)
    except UnicodeDecodeError as error:
        raise JsonataError("D3140", value=text, name=name) from error


def decode_url_component(text: Any) -> Any:
    """$decodeUrlComponent."""
    return _decoded(text, _ESCAPES, "decodeUrlComponent")


def decode_url(text: Any) -> Any:
    """Return the text of a URL; what is encoded in it because it would part the URL stays."""
    return _decoded(text, _URL_ESCAPES, "decodeUrl")
