"""The virtual clock: the order in which work goes on, and how far time may go."""

from typing import Any

import pytest

from pipeproof.stepfunctions.engine.scheduler import PAUSE, Cancelled, Scheduler, Signal, Sleep
from pipeproof.stepfunctions.expressions.environment import Clock
from pipeproof.stepfunctions.machine import DEFAULT_START


class Diary:
    """A scheduler, and what happened when."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(Clock(DEFAULT_START))
        self.lines: list[Any] = []

    def write(self, what: Any) -> None:
        self.lines.append((self.scheduler.clock.now, what))

    def at(self, when: float, what: Any, **options: Any) -> Any:
        return self.scheduler.call_at(when, lambda: self.write(what), **options)

    def spawn(self, work: Any) -> Any:
        return self.scheduler.spawn(work, lambda value, error: self.write(("done", value, error)))

    def run(self, finished: Any = lambda: False, **options: Any) -> bool:
        return self.scheduler.run(finished, **options)


@pytest.fixture
def diary() -> Diary:
    return Diary()


def test_timers__go_off_in_the_order_of_their_times_and_then_of_their_setting(diary: Diary) -> None:
    for when, what in [(5, "c"), (1, "a"), (5, "d"), (3, "b")]:
        diary.at(when, what)
    assert diary.run() is False
    assert diary.lines == [(1, "a"), (3, "b"), (5, "c"), (5, "d")]


def test_timers__of_the_past_go_off_at_once(diary: Diary) -> None:
    diary.at(10, "late")
    diary.run()
    diary.at(3, "past")
    diary.run()
    assert diary.lines == [(10, "late"), (10, "past")]


def test_timers__that_are_cancelled_do_not_move_the_clock(diary: Diary) -> None:
    for timer in [diary.at(5, "x"), diary.at(7, "y")]:
        timer.cancel()
    diary.at(2, "a")
    assert diary.run() is False
    assert (diary.lines, diary.scheduler.clock.now) == ([(2, "a")], 2)


def test_work__takes_turns_where_it_pauses(diary: Diary) -> None:
    def work(name: str) -> Any:
        for step in (1, 2):
            diary.write(f"{name}{step}")
            yield PAUSE
        return name

    diary.spawn(work("a"))
    diary.spawn(work("b"))
    diary.run()
    assert [what for _, what in diary.lines] == [
        "a1", "b1", "a2", "b2", ("done", "a", None), ("done", "b", None),
    ]  # fmt: skip


def test_work__sleeps_and_is_woken_once(diary: Diary) -> None:
    def work() -> Any:
        yield Sleep(4)
        diary.write("up")
        yield Sleep(1)
        return "end"

    diary.spawn(work())
    diary.run()
    assert diary.lines == [(4, "up"), (4, ("done", "end", None))]


def test_work__that_raises_hands_its_error_on(diary: Diary) -> None:
    error = ValueError("x")

    def work() -> Any:
        yield PAUSE
        raise error

    diary.spawn(work())
    diary.run()
    assert diary.lines == [(0, ("done", None, error))]


def test_signal__is_set_once_and_wakes_all_who_wait(diary: Diary) -> None:
    signal = Signal()

    def work() -> Any:
        return (yield signal)

    diary.spawn(work())
    diary.spawn(work())
    diary.scheduler.call_at(3, lambda: signal.set("first"))
    diary.scheduler.call_at(4, lambda: signal.set("second"))
    diary.run()
    assert diary.lines == [(3, ("done", "first", None))] * 2
    assert (signal.is_set, signal.value) == (True, "first")


def test_signal__that_is_set_already_does_not_wait(diary: Diary) -> None:
    signal = Signal()
    signal.set(1)

    def work() -> Any:
        return (yield signal)

    diary.spawn(work())
    diary.run()
    assert diary.lines == [(0, ("done", 1, None))]


def test_cancel__lets_work_tidy_up_and_tells_nobody(diary: Diary) -> None:
    def work() -> Any:
        try:
            yield Sleep(9)
        except Cancelled:
            diary.write("tidied")
            raise

    fiber = diary.spawn(work())
    diary.scheduler.call_at(2, fiber.cancel)
    diary.run()
    fiber.cancel()
    assert diary.lines == [(2, "tidied")]
    assert fiber.finished


def test_cancel__of_work_that_swallows_it_ends_it_all_the_same(diary: Diary) -> None:
    def work() -> Any:
        try:
            yield Sleep(9)
        except Cancelled:
            return "swallowed"

    fiber = diary.spawn(work())
    diary.scheduler.call_at(2, fiber.cancel)
    diary.run()
    assert diary.lines == []


def test_cancel__before_its_first_turn(diary: Diary) -> None:
    def work() -> Any:
        diary.write("begun")
        yield PAUSE

    diary.spawn(work()).cancel()
    diary.run()
    assert diary.lines == []


def test_run__ends_as_soon_as_it_is_finished(diary: Diary) -> None:
    for when in (1, 2, 3):
        diary.at(when, when)
    assert diary.run(lambda: len(diary.lines) == 2) is True
    assert diary.scheduler.clock.now == 2


@pytest.mark.parametrize(("until", "seen", "now"), [(0.5, [], 0), (1, [1], 1), (2.5, [1, 2], 2), (9, [1, 2, 3], 3)])
def test_run__until_a_time(diary: Diary, until: float, seen: list[int], now: float) -> None:
    for when in (1, 2, 3):
        diary.at(when, when)
    assert diary.run(until=until) is False
    assert [what for _, what in diary.lines] == seen
    assert diary.scheduler.clock.now == now


def test_hold__stands_still_before_a_timer_that_is_held(diary: Diary) -> None:
    held = [True]
    diary.at(1, "free")
    diary.at(2, "held", held=lambda: held[0])
    assert diary.run(hold=True) is False
    assert (diary.lines, diary.scheduler.clock.now) == ([(1, "free")], 1)
    held[0] = False
    diary.run(hold=True)
    assert diary.lines[-1] == (2, "held")


def test_hold__is_for_those_who_ask_for_it(diary: Diary) -> None:
    diary.at(2, "held", held=lambda: True)
    diary.run()
    assert diary.lines == [(2, "held")]


@pytest.mark.parametrize(
    ("deadline", "timer", "until", "seen"),
    [
        (5, 4, None, [(4, "timer")]),
        (5, 5, None, [(5, "timer")]),
        (5, 6, None, [(5, "end"), (6, "timer")]),
        (5, None, None, []),
        (5, None, 4, []),
        (5, None, 6, [(5, "end")]),
        (5, 9, 6, [(5, "end")]),
    ],
)
def test_deadline__ends_what_would_go_beyond_it(
    diary: Diary, deadline: float, timer: float | None, until: float | None, seen: list[Any]
) -> None:
    """Alone it does not make the clock move."""
    diary.scheduler.end_at(deadline, lambda: diary.write("end"))
    if timer is not None:
        diary.at(timer, "timer")
    diary.run(until=until)
    assert diary.lines == seen


def test_clear__forgets_all_that_was_to_be_done(diary: Diary) -> None:
    def work() -> Any:
        diary.write("work")
        yield PAUSE

    diary.at(1, "timer")
    diary.spawn(work())
    diary.scheduler.end_at(2, lambda: diary.write("end"))
    diary.scheduler.clear()
    assert diary.run(until=10) is False
    assert diary.lines == []
