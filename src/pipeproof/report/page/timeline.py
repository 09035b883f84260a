"""A flow run on one axis of time, drawn, with a table of the same."""

from collections.abc import Iterator, Sequence

from pipeproof.report.graphs import RUNNING, Bar, Timeline
from pipeproof.report.links import Links
from pipeproof.report.page.markup import Markup, element, table
from pipeproof.report.page.svg import pixels, short, svg, width_of
from pipeproof.report.tables import Code, Seconds, Table, first_rows
from pipeproof.report.wording import counted, duration

_MOST_BARS = 400
_MOST_ROWS = 1_000
_WIDTH = 700
_ROW = 30
_BAR = 20
_HEAD = 24
_TASK = 32
_MOVED = 1_000
"""Milliseconds by which a flow run's own clock is ahead where it was moved on instead of waited for."""
_TICKS = (1, 2, 5, 10)
_DONE = {"Completed": ("good", "✓"), "Cached": ("good", "✓"), "Failed": ("bad", "✗"), "Crashed": ("bad", "✗"),
         "TimedOut": ("bad", "✗"), "Cancelled": ("bad", "✗")}  # fmt: skip


def draw_timeline(timeline: Timeline, number: int, links: Links) -> Markup:
    """Draw a flow run under a heading of its own; `number` is that of no other drawing of the page."""
    tasks = list(dict.fromkeys(bar.task for bar in timeline.bars))
    told = f"{tell_lines(timeline)} in {duration(timeline.seconds)}"
    if max(bar.end for bar in timeline.bars) > 1000 * timeline.seconds + _MOVED:
        told += ", the waiting on a clock that was moved on"
    drawable = len(timeline.bars) <= _MOST_BARS
    return element(
        "section",
        element("h3", "The slowest flow run: ", element("code", short(timeline.flow, 100))),
        element("p", f"{told}; a filled bar is what runs, a dashed one a task that waits."),
        _draw(timeline, tasks, f"drawing-{number}", told) if drawable else None,
        element("details", element("summary", "The same as a table"), table(_list_bars(timeline), links)),
        class_="graph",
    )


def tell_lines(timeline: Timeline) -> str:
    """Say how many tasks there are, and how many executions and nodes they started."""
    lines = {bar.task: bar.origin for bar in timeline.bars}
    words = {"task": "task", "execution": "execution", "node": "dbt node"}
    counts = [(word, list(lines.values()).count(origin)) for origin, word in words.items()]
    return ", ".join(counted(count, word) for word, count in counts if count)


def _list_bars(timeline: Timeline) -> Table:
    rows = [
        (Code(bar.task), bar.state, Seconds(bar.start / 1000), Seconds((bar.end - bar.start) / 1000))
        for bar in timeline.bars
    ]
    shown, left = first_rows(rows, _MOST_ROWS)
    return Table(f"Flow run {timeline.flow}", ("task", "state", "after", "for"), shown, left)


def _draw(timeline: Timeline, tasks: Sequence[str], key: str, told: str) -> Markup:
    names = [short(task, _TASK) for task in tasks]
    left = max(map(width_of, names)) + 12
    longest = max(1, *(bar.end for bar in timeline.bars))
    height = _HEAD + _ROW * len(tasks)
    parts = list(_axis(longest, left, height))
    for at, task in enumerate(tasks):
        y = _HEAD + _ROW * at
        parts.append(element("text", names[at], x=0, y=pixels(y + _ROW / 2 + 4), class_="task"))
        parts.append(element("path", d=f"M0 {y + _ROW}H{pixels(left + _WIDTH)}", class_="line"))
        bars = (bar for bar in timeline.bars if bar.task == task)
        parts += [_draw_bar(bar, left, _WIDTH / longest, y + (_ROW - _BAR) / 2) for bar in bars]
    return svg(key, f"Flow run {timeline.flow}", told, (left + _WIDTH + 40, height), parts)


def _axis(longest: int, left: float, height: float) -> Iterator[Markup]:
    step = _step(longest)
    for at in range(0, longest + 1, step):
        x = pixels(left + _WIDTH * at / longest)
        yield element("path", d=f"M{x} {_HEAD - 6}V{pixels(height)}", class_="line")
        yield element("text", f"{at / 1000:g} s", x=x, y=12, class_="tick")


def _step(longest: int) -> int:
    """Return the milliseconds between two marks of the axis: one, two or five of a power of ten, six times at most."""
    power = 1
    while True:
        for times in _TICKS:
            if longest <= 6 * times * power:
                return times * power
        power *= 10


def _draw_bar(bar: Bar, left: float, scale: float, y: float) -> Markup:
    """Draw a state: how a task ended is a sign where it did, what took time a bar with its name if there is room."""
    x, width = left + bar.start * scale, (bar.end - bar.start) * scale
    length = duration((bar.end - bar.start) / 1000)
    title = element("title", f"{bar.state}, {length} from {bar.start / 1000:g} s on")
    kind, sign = _DONE.get(bar.state, ("", "")) if bar.origin == "task" else ("", "")
    if sign:
        return element("g", title, element("text", sign, x=pixels(x + 3), y=pixels(y + 15)), class_=f"end {kind}")
    shape = element("rect", x=pixels(x), y=pixels(y), width=pixels(max(width, 1.5)), height=_BAR, rx=2)
    name = short(bar.state, 20)
    words = element("text", name, x=pixels(x + width / 2), y=pixels(y + 14)) if width_of(name) + 8 < width else None
    return element("g", title, shape, words, class_=_kind(bar))


def _kind(bar: Bar) -> str:
    if bar.origin == "task":
        return "runs" if bar.state in RUNNING else "waits"
    return "bad" if bar.is_bad else "started"
