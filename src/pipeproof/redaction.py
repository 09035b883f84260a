"""Redaction: secrets taken out of whatever leaves the run, in the forms in which they come to light.

A secret is looked for by its fragments. Each of its forms (as it is, URL-encoded, base64 at its three alignments and of
base64, base32, base85, quoted-printable, JSON- and XML-escaped, quoted, reversed, hexadecimal) is cut into all the
pieces of a fixed length, and every stretch of text that is made of such pieces is replaced. White space, NULs (of
UTF-16) and terminal colours between the characters are looked through. So a secret that is truncated, wrapped, split
over lines or printed a character a line is found by any eight of its characters, and what a caller has already passed
on is remembered, so that a fragment is found across two chunks.

What this cannot find: a secret that was transformed by a rule that is not listed here (decimal or octal numbers, pieces
of fewer than eight characters with text between them, exclusive or, compression, a cipher), and one in a file's name.
Whoever may use a secret can hide it from any filter: its lifetime and its reach are what contain it.
"""

import base64
import codecs
import html
import json
import re
import shlex
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

MASK = "***"
"""What stands in a secret's place."""

PIECE = 8
"""Characters of a secret's form that give it away; a fragment that is shorter is not looked for."""

HEX_PIECE = 16
"""The same for a hexadecimal form, which has two digits to a byte."""

_COLOUR = "\x1b\\[[0-9;?]*[A-Za-z]"
_BLANK = re.compile(rf"(?:[\s\0]|{_COLOUR})+")
_HEX_GLUE = re.compile(rf"(?:[\s\0]|{_COLOUR}|\\+x|0x|\\+u00|&#x|[%:,;'\"-])+", re.IGNORECASE)
_HEX_REGION = re.compile(rf"(?:[0-9a-f][\s\0%:,;'\"\\xu&#\[m\x1b?-]*+){{{HEX_PIECE},}}+")
"""Where alone hexadecimal forms can be: many digits, and between them nothing but what glue is made of."""

_PROBE, _STRIDE = 5, 4
"""Each piece of eight characters holds five that begin at a multiple of four: to look there first is enough."""

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_TWICE = 256
"""Bytes of a secret that is looked for in base64 of base64 too: a long one would have too many pieces."""

_NEAR = 256
"""Characters at a text's end in which, as a rule, there are enough that are no glue."""

_LONGEST_LINE = 1 << 16
"""Characters of an unfinished line that a stream keeps back before it passes them on."""


def list_forms(secret: str) -> frozenset[str]:
    """Return the textual forms under which `secret` is looked for, the hexadecimal ones aside."""
    from xml.sax import saxutils  # it loads all of urllib, and most runs have no secret

    raw = secret.encode("utf-8", "surrogateescape")
    forms = {secret, secret[::-1], secret.replace("%", "%25"), repr(secret)[1:-1], repr(raw)[2:-1], shlex.quote(secret)}
    for safe in ("", "/"):
        encoded = {quote(raw, safe=safe), quote_plus(raw, safe=safe)}
        forms |= encoded | {re.sub("%..", lambda escape: escape[0].lower(), text) for text in encoded}
    for ascii_only in (True, False):
        escaped = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        forms |= {escaped, escaped.replace("/", "\\/"), json.dumps(escaped)[1:-1]}
    numeric = saxutils.escape(secret, {'"': "&#34;", "'": "&#39;"})
    forms |= {
        html.escape(secret),
        saxutils.escape(secret),
        saxutils.escape(secret, {'"': "&quot;", "'": "&apos;"}),
        numeric,
    }
    forms |= {
        secret.encode("ascii", "xmlcharrefreplace").decode(),
        html.escape(secret).encode("ascii", "xmlcharrefreplace").decode(),
    }
    encoded = set(_list_base64(raw))
    if len(raw) <= _TWICE:
        encoded |= {twice for once in encoded for twice in _list_base64(once.encode())}
    forms |= encoded | set(_list_base32(raw)) | set(_list_base85(raw))
    forms.add("".join(chr(byte) if 33 <= byte <= 126 and byte != 61 else f"={byte:02X}" for byte in raw))
    return frozenset(_BLANK.sub("", form) for form in forms)


def _list_base64(raw: bytes) -> Iterator[str]:
    """Yield the part of the base64 text that depends on `raw` alone, wherever in the encoded data it stands."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + raw).decode()
        first, last = -(-8 * before // 6), 8 * (before + len(raw)) // 6
        kept = text[first:last]
        yield kept
        yield kept.replace("+", "-").replace("/", "_")


def _list_base32(raw: bytes) -> Iterator[str]:
    """Yield the same for base32, which takes five bytes at a time."""
    for before in range(5):
        text = base64.b32encode(bytes(before) + raw).decode()
        kept = text[-(-8 * before // 5) : 8 * (before + len(raw)) // 5]
        yield kept
        yield kept.lower()


def _list_base85(raw: bytes) -> Iterator[str]:
    """Yield the same for both kinds of base85, of which four bytes make five characters."""
    for before in range(4):
        kept = raw[before : before + (len(raw) - before) // 4 * 4]
        yield base64.b85encode(kept).decode()
        yield base64.a85encode(kept).decode()


@dataclass(frozen=True, slots=True)
class _Context:
    """What of the text so far a fragment may have begun in, without what stands between a form's characters."""

    text: str = ""
    digits: str = ""

    def then(self, text: str) -> "_Context":
        """Return what it is after some more text."""
        return _Context(
            _tail(_BLANK, self.text, text, 2 * PIECE),
            _tail(_HEX_GLUE, self.digits, text, 2 * HEX_PIECE),
        )


def _tail(glue: re.Pattern[str], before: str, text: str, size: int) -> str:
    """The last characters of a text that are no glue; all of a long one is looked at only where it is made of glue."""
    kept = glue.sub("", text[-_NEAR:])
    if len(kept) < size and len(text) > _NEAR:
        kept = glue.sub("", text)
    return (before + kept)[-size:]


@dataclass(frozen=True, slots=True)
class _Index:
    """The pieces of a set of forms that share a length, and what may stand between two characters of a form."""

    size: int
    glue: re.Pattern[str]
    pieces: set[str] = field(default_factory=set)
    probes: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    """Forms that are shorter than a piece: found only as they are."""

    def add(self, form: str) -> None:
        if len(form) >= self.size:
            self.pieces.update(form[at : at + self.size] for at in range(len(form) - self.size + 1))
            self.probes.update(form[at : at + _PROBE] for at in range(len(form) - _PROBE + 1))
        elif form:
            self.whole.add(form)

    def find(self, text: str, known: int) -> list[tuple[int, int]]:
        """Return the stretches of `text` to replace, as they stand; the first `known` characters only give context."""
        plain = self.glue is _BLANK and "\x1b" not in text and "\0" not in text
        joined = "".join(text.split()) if plain else self.glue.sub("", text)
        hits = self._find_joined(joined)
        if not hits:
            return []
        starts, offsets, at, length = [], [], 0, 0
        for gap in self.glue.finditer(text):
            if gap.start() > at:
                starts.append(length)
                offsets.append(at)
                length += gap.start() - at
            at = gap.end()
        starts.append(length)
        offsets.append(at)
        found: list[tuple[int, int]] = []
        for first, last in hits:
            at = first
            while at < last:
                row = bisect_right(starts, at) - 1
                end = min(last, starts[row + 1] if row + 1 < len(starts) else last)
                begin = offsets[row] + at - starts[row]
                found.append((max(begin, known), begin + end - at))
                at = end
        return [(begin, end) for begin, end in found if begin < end]

    def _find_joined(self, joined: str) -> list[tuple[int, int]]:
        size, pieces = self.size, self.pieces
        spans: list[tuple[int, int]] = []
        if not self.probes.isdisjoint([joined[at : at + _PROBE] for at in range(0, len(joined), _STRIDE)]):
            spans = [(at, at + size) for at in range(len(joined) - size + 1) if joined[at : at + size] in pieces]
        for form in self.whole:
            at = joined.find(form)
            while at >= 0:
                spans.append((at, at + len(form)))
                at = joined.find(form, at + 1)
        return _merge(spans)


def _merge(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


class Redactor:
    """Knows the run's secrets and takes them out of texts. Any thread may add one, while streams are open too."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._text = _Index(PIECE, _BLANK)
        self._hex = _Index(HEX_PIECE, _HEX_GLUE)
        self._known: set[str] = set()
        self._lock = threading.RLock()
        for secret in secrets:
            self.add(secret)

    def __bool__(self) -> bool:
        """Return whether there is anything to look for."""
        return bool(self._known)

    def add(self, secret: str) -> None:
        """Look for `secret` from now on. White space, and fewer than four characters, are no secret."""
        with self._lock:
            if secret in self._known or len(secret.strip()) < 4:
                return
            self._known.add(secret)
            for form in list_forms(secret):
                if len(form) >= 4:
                    self._text.add(form)
            for text in (secret, _BLANK.sub("", secret)):
                digits = text.encode("utf-8", "surrogateescape").hex()
                if len(digits) >= HEX_PIECE:
                    self._hex.add(digits)

    def redact(self, text: str) -> str:
        """`text` without the secrets, line for line."""
        return self.redact_after(_Context(), text)

    def redact_after(self, context: _Context, text: str) -> str:
        """`text` without the secrets, where `context` stood right before it."""
        with self._lock:
            if not self._known:
                return text
            known = len(context.text)
            spans = [(begin - known, end - known) for begin, end in self._text.find(context.text + text, known)]
            known = len(context.digits)
            for region in _HEX_REGION.finditer((context.digits + text).translate(_LOWER)):
                found = self._hex.find(region[0], max(0, known - region.start()))
                moved = region.start() - known
                spans += [(begin + moved, end + moved) for begin, end in found]
        out, at = [], 0
        for begin, end in _merge(spans):
            out += [text[at:begin], MASK]
            at = end
        return "".join([*out, text[at:]])

    def redact_bytes(self, data: bytes) -> bytes:
        """Return a file's bytes without the secrets; what is not UTF-8 passes through."""
        return self.redact(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def stream(self) -> "RedactingStream":
        """Return a text that comes in chunks."""
        return RedactingStream(self)


class RedactingStream:
    """Takes secrets out of a text that comes in chunks of any size, cut anywhere.

    Whole lines are passed on at once. The end of what was passed on is remembered, so that a secret that goes on in
    the next line is noticed there.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._pending = ""
        self._context = _Context()

    def feed(self, chunk: str | bytes) -> str:
        """Return what may be passed on after `chunk`: all complete lines."""
        self._pending += chunk if isinstance(chunk, str) else self._decoder.decode(chunk)
        end = self._pending.rfind("\n") + 1
        if not end and len(self._pending) > _LONGEST_LINE:
            end = len(self._pending)
        return self._pass_on(end)

    def flush(self) -> str:
        """Return what is left, also where its line has not ended."""
        return self._pass_on(len(self._pending))

    def _pass_on(self, end: int) -> str:
        text, self._pending = self._pending[:end], self._pending[end:]
        if not text:
            return ""
        if not self._redactor:
            return text
        clean = self._redactor.redact_after(self._context, text)
        self._context = self._context.then(text)
        return clean
