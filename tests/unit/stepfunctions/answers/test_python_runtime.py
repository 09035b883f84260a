"""The runtime for Python, beside the one that AWS publishes (awslambdaric)."""

import dataclasses
import datetime
import enum
import gc
import json
import math
import sys
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.stepfunctions.answers.context import TaskContext
from pipeproof.stepfunctions.answers.invocations import Invocation, Limits, invoke
from pipeproof.stepfunctions.answers.python_runtime import RuntimeFault, error_payload, find_handler

bootstrap = pytest.importorskip("awslambdaric.bootstrap")
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller  # noqa: E402 - after it is known to be there

REQUEST = "8a1b4e3e-0000-4000-8000-000000000001"
Handler = Callable[[Any, Any], Any]


class Theirs:
    """The runtime's client, which keeps what it is to send."""

    marshaller = LambdaMarshaller()

    def __init__(self) -> None:
        self.sent: str | bytes | None = None
        self.error: dict[str, Any] | None = None

    def post_invocation_result(self, invoke_id: str, result: str | bytes, *_: Any) -> None:
        self.sent = result

    def post_invocation_error(self, invoke_id: str, error: str, *_: Any) -> None:
        self.error = json.loads(error)


def run_theirs(handler: Handler) -> Theirs:
    client = Theirs()
    log = SimpleNamespace(log_error=lambda lines: None)
    bootstrap.handle_event_request(
        client, handler, REQUEST, "{}", "application/json", None, None, "arn", 10**15, None, log
    )
    return client


def run_ours(handler: Handler) -> Invocation:
    context = TaskContext("State", "arn", 1, None, None, aws_request_id=REQUEST)
    return invoke(handler, partial(handler, {}, context), context, Limits())


def agree(handler: Handler) -> Invocation:
    """Both runtimes give the same; returns ours."""
    ours, theirs = run_ours(handler), run_theirs(handler)
    sent = theirs.sent.decode(errors="replace") if isinstance(theirs.sent, bytes) else theirs.sent
    if theirs.error is None:
        assert sent is not None
        assert ours.error is None, ours.error
        assert loaded(ours.text) == loaded(sent)
    else:
        assert ours.error == theirs.error
        assert ours.error is not None
        assert list(ours.error) == list(theirs.error)
    return ours


def loaded(text: str) -> str:
    """The text with its unicode written one way; NaN equals itself in it."""
    try:
        return json.dumps(json.loads(text))
    except ValueError:
        return text


Point = namedtuple("Point", "x y")


class Colour(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    LARGE = 3


@dataclasses.dataclass
class Order:
    sku: str = "tea"


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)
RESULTS: dict[str, Any] = {
    "None": None,
    "true": True,
    "text": "é ☃ \u2028",
    "numbers": [0, -1, 1.5, 1e300, 10**30],
    "decimal": Decimal("1.10"),
    "decimal with an exponent": Decimal("1E+3"),
    "decimal infinity": Decimal("Infinity"),
    "decimal nan": Decimal("NaN"),
    "decimal -nan": Decimal("-NaN"),
    "nan": math.nan,
    "infinities": [math.inf, -math.inf],
    "bytes of JSON": b'{"a": 1}',
    "bytes of text": b"plain",
    "bytes inside": {"a": b"xyz"},
    "bytes inside that are no text": {"a": b"\xff"},
    "bytearray": bytearray(b"{}"),
    "tuple": (1, 2),
    "namedtuple": Point(1, 2),
    "namedtuples inside": [Point(1, Point(2, 3))],
    "ordered": OrderedDict(b=1, a=2),
    "keys": {1: "a", 1.5: "b", False: "c", None: "d"},
    "tuple as key": {(1, 2): 3},
    "decimal as key": {Decimal(1): 2},
    "datetime": datetime.datetime(2026, 1, 1),
    "date inside": {"at": datetime.date(2026, 1, 1)},
    "set": {1},
    "uuid": UUID(int=1),
    "path": Path("a"),
    "enum": Colour.RED,
    "int enum": Size.LARGE,
    "dataclass": Order(),
    "exception": ValueError("x"),
    "function": len,
    "generator": (x for x in ()),
    "range": range(3),
    "object": object(),
    "class": int,
    "circle": CIRCLE,
}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_results__are_written_as_by_the_runtime(result: Any) -> None:
    agree(lambda event, context: result)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner) | st.tuples(inner, inner),
        max_leaves=8,
    )
)
def test_results__of_any_form_are_written_as_by_the_runtime(result: Any) -> None:
    agree(lambda event, context: result)


class CustomError(Exception):
    def __str__(self) -> str:
        return "as its author words it"


def raise_plain(event: Any, context: Any) -> None:
    raise ValueError("bad")


def raise_with_cause(event: Any, context: Any) -> None:
    try:
        json.loads("{")
    except ValueError as error:
        raise CustomError from error


def raise_within_another(event: Any, context: Any) -> None:
    try:
        raise KeyError("first")
    except KeyError:
        raise RuntimeError("second")  # noqa: B904 - the context is what is looked at


def raise_group(event: Any, context: Any) -> None:
    raise ExceptionGroup("several", [ValueError("a"), ValueError("b")])


def raise_deep(event: Any, context: Any) -> None:
    raise_plain(event, context)


def raise_from_a_library(event: Any, context: Any) -> None:
    json.loads("{")


def raise_with_notes(event: Any, context: Any) -> None:
    error = ValueError("bad")
    error.add_note("a note")
    raise error


def raise_nothing(event: Any, context: Any) -> None:
    raise CustomError


def recurse(event: Any, context: Any) -> None:
    recurse(event, context)


@pytest.mark.parametrize(
    "handler",
    [
        raise_plain, raise_with_cause, raise_within_another, raise_group, raise_deep, raise_from_a_library,
        raise_with_notes, raise_nothing,
    ],
)  # fmt: skip
def test_errors__are_reported_as_by_the_runtime(handler: Handler) -> None:
    assert agree(handler).exception is not None


def test_errors__of_endless_recursion_have_their_type() -> None:
    assert run_ours(recurse).error["errorType"] == run_theirs(recurse).error["errorType"] == "RecursionError"


async def wait_for_it(event: Any, context: Any) -> int:
    return 1


async def count_up(event: Any, context: Any):
    yield 1


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("handler", [wait_for_it, count_up])
def test_async_handlers__cannot_be_marshalled_and_say_what_to_do(handler: Handler) -> None:
    ended = agree(handler)
    gc.collect()  # what nobody awaits warns when it goes: here, and in no other test
    assert ended.error["errorType"] == "Runtime.MarshalError"
    assert "asyncio.run" in ended.exception.__notes__[0]


@pytest.mark.parametrize(
    ("code", "how"),
    [
        (1, "Runtime exited with error: exit status 1"),
        (255, "Runtime exited with error: exit status 255"),
        (256, "Runtime exited without providing a reason"),
        ("a text", "Runtime exited with error: exit status 1"),
        (0, "Runtime exited without providing a reason"),
        (None, "Runtime exited without providing a reason"),
    ],
)
def test_exit__is_an_error_that_the_service_reports(code: Any, how: str) -> None:
    ended = run_ours(lambda event, context: sys.exit(code))
    assert ended.error == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {REQUEST} Error: {how}"}
    assert ended.by_service


FILES = {
    "app.py": "def handler(event, context): return 1\nNOT_CALLABLE = 1\n",
    "folder/app.py": "def handler(event, context): return 2\n",
    "needy.py": "import there_is_no_such_module\n",
    "needy_inside.py": "from folder import nothing_of_the_kind\n",
    "broken.py": "def handler(:\n",
    "failing.py": "raise RuntimeError('at import')\n",
}


@pytest.mark.parametrize(
    "handler",
    [
        "app.handler", "folder/app.handler", "folder.app.handler", "app.missing", "missing.handler", "handler",
        "needy.handler", "needy_inside.handler", "broken.handler", "sys.handler", "folder/missing.handler",
    ],
)  # fmt: skip
def test_handlers__are_found_as_by_the_runtime(handler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded_before = set(sys.modules)

    def forget() -> None:
        for name in set(sys.modules) - loaded_before:
            del sys.modules[name]

    try:
        expected: Any = bootstrap._get_handler(handler)
    except bootstrap.FaultException as fault:
        expected = bootstrap.make_error(fault.msg, fault.exception_type, fault.trace)
    forget()
    try:
        found: Any = find_handler(handler, __import__("importlib").import_module)
    except RuntimeFault as fault:
        found = error_payload(fault, "")
    forget()
    if callable(expected):
        assert found({}, None) == expected({}, None)
    else:
        assert found == expected
