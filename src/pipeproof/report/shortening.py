"""Shortening: a text made to fit, its first words kept, what is left out counted and cut where it says least.

Lengths are in UTF-16 code units, in which GitHub's runner counts (actions/runner, `ExecutionContext.cs`).
"""

_LINES = (1600, 800, 400)
"""What a long line is cut to: to no less than is needed."""
_CONTEXT = 2
_OPERATORS = (" == ", " != ", " in ", " is ", " < ", " > ", " <= ", " >= ")
_FULL_DIFFERENCE = "Full diff:"
_COUNT_ROOM = 60
"""What the line that counts what is left out may take."""


def width(text: str) -> int:
    """Count UTF-16 code units."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def shorten(text: str, limit: int) -> str:
    """Make a text of many lines fit.

    Of a difference the lines that agree are left out first, then long lines are cut in their middle (of a comparison
    each side), then lines in the middle are left out: the start has the text's own words, the end how it ended.
    """
    if width(text) <= limit:
        return text
    if "\n" not in text:
        return shorten_line(text, limit)
    whole = _without_agreement(text.split("\n"))
    for longest in _LINES:
        lines = [shorten_line(line, min(longest, limit)) for line in whole]
        if width("\n".join(lines)) <= limit:
            return "\n".join(lines)
    room = limit - _COUNT_ROOM
    head = _take(lines, room * 2 // 3)
    tail = _take(lines[: len(head) - 1 : -1], room - width("\n".join(head)) - 2)
    left = len(lines) - len(head) - len(tail)
    return "\n".join([*head, f"[… {left} line{'' if left == 1 else 's'} left out …]", *reversed(tail)])


def shorten_line(line: str, limit: int) -> str:
    """Make one line fit: cut in its middle, or, where it compares two values, in the middle of each."""
    if width(line) <= limit:
        return line
    for operator in _OPERATORS:
        parts = line.split(operator)
        if len(parts) == 2:
            return operator.join(_fit(parts, limit - width(operator)))
    return _cut_middle(line, limit)


def _fit(parts: list[str], limit: int) -> list[str]:
    """Share the room among two sides: what the shorter one leaves is the other's."""
    one, other = parts
    half = limit // 2
    if width(one) <= half:
        return [one, _cut_middle(other, limit - width(one))]
    if width(other) <= half:
        return [_cut_middle(one, limit - width(other)), other]
    return [_cut_middle(one, half), _cut_middle(other, half)]


def _cut_middle(text: str, limit: int) -> str:
    if width(text) <= limit:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    tail = (limit - 1) // 2
    head = limit - 1 - tail
    start = units[: 2 * head].decode("utf-16-le", "ignore")
    return f"{start}…{units[len(units) - 2 * tail :].decode('utf-16-le', 'ignore')}"


def _take(lines: list[str], room: int) -> list[str]:
    """Return the first lines, as many as fit."""
    taken = []
    for line in lines:
        room -= width(line) + 1
        if room < 0:
            break
        taken.append(line)
    return taken


def _without_agreement(lines: list[str]) -> list[str]:
    """Leave out of pytest's full difference the lines that both sides have, but for some around each change."""
    start = next((at for at, line in enumerate(lines) if line.strip() == _FULL_DIFFERENCE), None)
    if start is None:
        return lines
    changed = [at for at in range(start + 1, len(lines)) if lines[at][2:3] in ("+", "-", "?")]
    near = {at + step for at in changed for step in range(-_CONTEXT, _CONTEXT + 1)}
    kept, agreeing = lines[: start + 1], 0
    for at in range(start + 1, len(lines)):
        if at in near:
            if agreeing:
                kept.append(f"  [… {agreeing} that agree …]")
            kept.append(lines[at])
            agreeing = 0
        else:
            agreeing += 1
    return [*kept, f"  [… {agreeing} that agree …]"] if agreeing else kept
