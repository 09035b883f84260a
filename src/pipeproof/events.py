"""The events: what the test process tells the supervisor, one JSON object a line, as it happens.

The plugin writes them to a pipe that the supervisor reads, so an outcome is safe the moment it is known, however the
test process ends. The writer is on the path of every test: what it says of a test that passes is put together by hand.

- `session`: pytest has started; `pytest` (its version), `rootdir`.
- `collected`: tests were found; `tests`, a list of `[id, file, line]` (file and line `null` under xdist).
- `deselected`: tests were left out; `count`.
- `suite`: the run is a shard of these; `tests`, a list of node ids.
- `collect`: a file or folder failed or was skipped; `id`, `outcome`, `failure` or `reason`.
- `start`: a test starts; `id`, `at`, and `file` and `line` where `collected` has not told them.
- `passed`: a test passed and has ended, with nothing more to tell of it; `id`, `durations` (setup, call, teardown), and
  `worker` under xdist.
- `phase`: setup, call or teardown of any other test ended; `id`, `when`, `outcome`, `duration`, and where there are any
  `failure`, `reason`, `xfail`, `subtest`, `sections`, `evidence`, `properties`, `worker`.
- `warning`: a warning was issued; `message`, `category`, `file`, `line`, and `id` where a test was running.
- `broken`: pytest itself failed; `failure`.
- `finish`: pytest has ended; `status`, and `reasons` (`message`, `file`, `line`) why it failed where no test has.

`file` is relative to the workspace where it lies in it. Times (`at`) are seconds since the epoch, durations seconds.
"""

import json
import os
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any

Event = dict[str, Any]

_LINE_LIMIT = 1 << 26
"""Bytes of a line that is held: an event of a test with much evidence is long, and garbage could be endless."""


MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading a record raises that is not in its form: the tests' process wrote it, and can have written anything."""


class EventWriter:
    """Writes events to a descriptor; once the reader is gone it writes nothing more."""

    def __init__(self, descriptor: int) -> None:
        # A process that a test starts must not hold the pipe open, nor write to it.
        os.set_inheritable(descriptor, False)
        self._descriptor = descriptor
        self._process = os.getpid()

    def send(self, event: str, **values: Any) -> None:
        """Write one event; values that are `None` are left out."""
        record = {"event": event} | {key: value for key, value in values.items() if value is not None}
        self._write(json.dumps(record, default=str))

    def send_start(self, test: str, at: float, file: str | None, line: int | None) -> None:
        """Say that a test starts."""
        where = f',"file":{_quoted(file)},"line":{line}' if file is not None and line is not None else ""
        self._write(f'{{"event":"start","id":{_quoted(test)},"at":{at!r}{where}}}')

    def send_passed(self, test: str, durations: Sequence[float], worker: str | None) -> None:
        """Say that a test passed, with the seconds of its setup, call and teardown."""
        where = f',"worker":{_quoted(worker)}' if worker is not None else ""
        setup, call, teardown = durations
        self._write(f'{{"event":"passed","id":{_quoted(test)},"durations":[{setup!r},{call!r},{teardown!r}]{where}}}')

    def _write(self, line: str) -> None:
        # A forked child of a test has the same plugin and descriptor; what it reports is not this run's.
        if self._descriptor < 0 or os.getpid() != self._process:
            return
        data = line.encode() + b"\n"
        try:
            written = os.write(self._descriptor, data)
            while written < len(data):
                written += os.write(self._descriptor, memoryview(data)[written:])
        except OSError:
            self._descriptor = -1


class EventReader:
    """Puts events together from the pieces that come out of the pipe."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._held = 0
        self.dropped = 0
        """How many lines were no event."""

    def feed(self, data: bytes) -> Iterator[Event]:
        """Give the events that these bytes complete; a line that is none (tests can write here too) is counted."""
        first, *others = data.split(b"\n")
        self._hold(first)
        for piece in others:
            line = b"".join(self._rest)
            self._rest, self._held = [], 0
            self._hold(piece)
            event = _parse(line)
            if event is None:
                self.dropped += 1
            else:
                yield event

    def _hold(self, piece: bytes) -> None:
        """Keep the start of a line; of one that is longer than any event, what is kept is no event either."""
        if piece and self._held <= _LINE_LIMIT:
            self._rest.append(piece)
            self._held += len(piece)


def _parse(line: bytes) -> Event | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), str) else None
