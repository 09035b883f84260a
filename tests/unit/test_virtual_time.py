"""Blocks that sleep on a clock of their own."""

import asyncio
import datetime
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeproof.virtual_time import TimeIsUp, VirtualClock, current_clock, in_real_time, sleeping_on

HOUR = 3600.0


def slept(block: Callable[[], object], limit: float | None = None) -> float:
    """Virtual seconds that a block takes, all of it in less than a real minute."""
    clock = VirtualClock(limit)
    with sleeping_on(clock):
        block()
    assert clock.real < 60
    return clock.elapsed


def test_sleep__passes_on_the_clock() -> None:
    assert slept(lambda: [time.sleep(HOUR), time.sleep(0.5)]) == HOUR + 0.5


def test_sleep__of_less_than_nothing_is_refused_as_by_python() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        slept(lambda: time.sleep(-1))


@pytest.mark.parametrize(
    "read",
    [
        time.time,
        lambda: time.time_ns() / 1e9,
        lambda: time.monotonic(),
        lambda: time.monotonic_ns() / 1e9,
        lambda: time.perf_counter(),
        lambda: time.perf_counter_ns() / 1e9,
        lambda: datetime.datetime.now().timestamp(),
        lambda: datetime.datetime.now(datetime.UTC).timestamp(),
    ],
)
def test_clocks__are_ahead_by_what_was_slept(read: Callable[[], float]) -> None:
    seen: list[float] = []

    def block() -> None:
        seen.append(read())
        time.sleep(HOUR)
        time.sleep(HOUR)
        seen.append(read())

    slept(block)
    assert 2 * HOUR <= seen[1] - seen[0] < 2 * HOUR + 60
    assert read() - seen[0] < 60, "the clock is put back"


def test_deadline__of_a_loop_that_sleeps_is_met() -> None:
    def block() -> None:
        end = datetime.datetime.now() + datetime.timedelta(seconds=100)
        while datetime.datetime.now() < end:
            time.sleep(10)

    assert slept(block) in (90, 100)


def test_limit__ends_the_sleep_at_once() -> None:
    def block() -> None:
        with pytest.raises(TimeIsUp):
            time.sleep(60)

    assert slept(block, limit=5) == 60


def test_limit__is_not_held_up_by_except_exception() -> None:
    def block() -> None:
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001 - as handlers write it
            pytest.fail("the sleep's end was taken for an error of the block's")

    with pytest.raises(TimeIsUp):
        slept(block, limit=5)


def test_threads__of_the_block_sleep_side_by_side() -> None:
    def sleep_beside_others(together: threading.Barrier) -> None:
        together.wait()
        time.sleep(60)

    def block() -> None:
        for _ in range(2):
            together = threading.Barrier(4)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(sleep_beside_others, [together] * 4))
        time.sleep(5)

    assert slept(block) == 125


def test_threads__of_before_keep_real_time() -> None:
    started, found, asked = threading.Event(), [], threading.Event()

    def other() -> None:
        started.set()
        asked.wait()
        found.append((current_clock(), time.monotonic()))

    thread = threading.Thread(target=other)
    thread.start()
    started.wait()

    def block() -> None:
        time.sleep(HOUR)
        asked.set()
        thread.join()

    real = time.monotonic()
    slept(block)
    assert found[0][0] is None
    assert found[0][1] - real < 60


def test_asyncio__sleeps_side_by_side_and_meets_its_timers() -> None:
    async def work() -> None:
        await asyncio.gather(asyncio.sleep(60), asyncio.sleep(90))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(100), 10)

    assert slept(lambda: asyncio.run(work())) == pytest.approx(100, abs=1)


def test_asyncio__waits_for_a_thread_in_real_time() -> None:
    worked, go = [], threading.Event()

    def job() -> None:
        go.wait(0.05)
        worked.append(1)

    async def work() -> None:
        await asyncio.wait_for(asyncio.to_thread(job), 600)

    assert slept(lambda: asyncio.run(work())) < 600
    assert worked == [1]


def test_asyncio__waits_for_a_socket_in_real_time() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\n")
        await writer.drain()
        writer.close()

    async def work() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port)
        assert await asyncio.wait_for(reader.readline(), 600) == b"hello\n"
        writer.close()
        server.close()

    assert slept(lambda: asyncio.run(work())) < 600


def test_nested__the_inner_clock_takes_what_is_slept_in_it() -> None:
    inner = VirtualClock()

    def block() -> None:
        time.sleep(1)
        with sleeping_on(inner):
            time.sleep(10)
        time.sleep(1)

    assert (slept(block), inner.elapsed) == (2, 10)


def test_names_kept_from_a_block__sleep_in_real_time_outside() -> None:
    kept: list[Callable[[float], None]] = []
    slept(lambda: kept.append(time.sleep))
    assert kept[0] is not time.sleep
    assert kept[0](0) is None


def test_replaced_by_somebody_else__is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []
    monkeypatch.setattr(time, "sleep", calls.append)
    assert slept(lambda: time.sleep(7)) == 0
    assert calls == [7]


def test_real_time__is_kept_where_it_is_asked_for() -> None:
    with in_real_time():
        assert slept(lambda: time.sleep(0.001)) == 0
