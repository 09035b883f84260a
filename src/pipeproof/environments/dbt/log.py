"""What dbt says in its log alone: words of macros and models, and why a batch failed. Its results have none of it."""

import re
from collections.abc import Callable
from typing import Any

_SAID = ("JinjaLogInfo", "JinjaLogWarning", "PrintEvent")
"""`log(…, info=True)`, `exceptions.warn` and `print`."""

_WRONG = "SemanticValidationFailure"
_UNPARSED = "ParseInlineNodeError"
_BATCHES = ("LogStartBatch", "GenericExceptionOnRun")

EVENTS = (*_SAID, _WRONG, _UNPARSED, *_BATCHES)
"""The names of the events that a log listens to."""


class Log:
    """Listens to one invocation.

    Args:
        tell: Takes what is said, when it is.

    Attributes:
        said: What macros and models have said, in order.
        wrong: What is wrong with the semantic models, or with text that is no file of the project.
        batches: Why batches failed, by the unique id of their model: `batch 2026-01-02: no such day`.
    """

    def __init__(self, tell: Callable[[str], object] = lambda _text: None) -> None:
        self.said: list[str] = []
        self.wrong: list[str] = []
        self.batches: dict[str, list[str]] = {}
        self._tell = tell
        self._batch: dict[str, str] = {}

    def __call__(self, event: Any) -> None:
        """Take one event of dbt's."""
        name, data = event.info.name, event.data
        if name in _SAID:
            text = str(data.msg)
            self.said.append(text)
            self._tell(text)
        elif name == _WRONG and event.info.level == "error":
            self.wrong.append(str(data.msg))
        elif name == _UNPARSED:
            self.wrong.append(str(data.exc))
        elif name == "LogStartBatch":
            self._batch[event.info.thread] = str(data.description).partition(" of ")[0]
        elif name == "GenericExceptionOnRun" and event.info.thread in self._batch:
            reason = re.sub(r"^(?:Exception on worker thread\.|\s|\w+ Error\n)+", "", str(data.exc)).strip()
            self.batches.setdefault(data.unique_id, []).append(f"{self._batch[event.info.thread]}: {reason}")
