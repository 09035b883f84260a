"""Regular expressions that may run for ever, matched in a process of their own, which can be ended.

Python's matcher backtracks, as JavaScript's does, and nothing but a signal to the main thread ends it: `/(a+)+b/` on
thirty letters takes minutes. Such patterns are told by their form, a repetition inside of a repetition or alternatives
in one, and only they pay for the way to the other process. The service ends an expression after a second; what is not
done after [SECONDS][] ends here.
"""

import json
import os
import queue
import re
import subprocess
import sys
import threading
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import TIME, JsonataError

SECONDS = 5.0
"""Real seconds that one search may take."""
SHORT = 16
"""On texts of so many units nothing takes long."""

_PROGRAM = """\
import json, re, sys
for line in sys.stdin:
    pattern, flags, text, start = json.loads(line)
    found = re.compile(pattern, flags).search(text, start)
    spans = None if found is None else [found.span(index) for index in range(found.re.groups + 1)]
    sys.stdout.write(json.dumps(spans) + "\\n")
    sys.stdout.flush()
"""


class Spans:
    """A match, by its spans; the first is the whole, of a group that takes no part -1 and -1."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        self._spans = spans

    def start(self) -> int:
        """Where the match begins."""
        return self._spans[0][0]

    def end(self) -> int:
        """Where it ends."""
        return self._spans[0][1]

    def span(self, index: int) -> tuple[int, int]:
        """Where a group begins and ends."""
        return self._spans[index]


def may_be_slow(pattern: str) -> bool:
    """Whether a pattern of Python's has a group that is repeated without a limit and can match a text in many ways."""
    many = [False]
    index, length = 0, len(pattern)
    while index < length:
        letter = pattern[index]
        if letter == "\\":
            index += 1
        elif letter == "[":
            index = _end_of_class(pattern, index)
        elif letter == "(":
            many.append(False)
        elif letter == ")" and len(many) > 1:
            inner = many.pop()
            if inner and re.match(r"[*+]|\{\d+,\}", pattern[index + 1 :]):
                return True
            many[-1] = many[-1] or inner
        elif letter in "*+|" or re.match(r"\{\d*,", pattern[index:]):
            many[-1] = True
        index += 1
    return False


def _end_of_class(pattern: str, index: int) -> int:
    index += 2 if pattern.startswith("[^", index) else 1
    index += pattern.startswith("]", index)
    while index < len(pattern) and pattern[index] != "]":
        index += 2 if pattern[index] == "\\" else 1
    return index


class _Worker:
    """The other process; it ends with this one."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="ascii",
        )
        self.answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stdout or ():
            self.answers.put(line)

    def ask(self, question: Any) -> Any:
        """Return the answer to a question.

        Raises:
            queue.Empty: There is none in time.
        """
        if self.process.stdin is not None:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
        return json.loads(self.answers.get(timeout=SECONDS))


_lock = threading.Lock()
_worker: _Worker | None = None


def search(compiled: re.Pattern[str], text: str, start: int) -> Spans | None:
    """Return the next match at or after a position.

    Raises:
        JsonataError: It takes too long.
    """
    global _worker  # noqa: PLW0603 - one process is enough, and dear to start
    with _lock:
        if _worker is None or _worker.owner != os.getpid():
            _worker = _Worker()
        try:
            spans = _worker.ask((compiled.pattern, compiled.flags & re.IGNORECASE, text, start))
        except (queue.Empty, OSError) as error:
            _worker.process.kill()
            _worker.process.wait()
            _worker = None
            raise JsonataError(None, TIME) from error
    return None if spans is None else Spans([(first, last) for first, last in spans])
