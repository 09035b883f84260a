"""The imitated services, and a clock that tests move."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from clouds import Cloud

from pipeproof.credentials.lease import Tools
from pipeproof.identity.github import find_runners_tokens
from pipeproof.transport import Patience, Transport


@dataclass
class Clock:
    """Seconds since the epoch; `sleep` passes them."""

    seconds: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cloud(clock: Clock) -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.now = clock
        yield cloud


@dataclass
class Notes:
    """What was masked and what was recorded."""

    masked: list[str] = field(default_factory=list)
    records: list[dict[str, object]] = field(default_factory=list)


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def make_tools(cloud: Cloud, clock: Clock, notes: Notes, tmp_path: Path) -> Callable[..., Tools]:
    def make(**changes: object) -> Tools:
        settings = {
            "source": find_runners_tokens(cloud.runner_environment()),
            "transport": Transport(patience=Patience(deadline=20), clock=clock, sleep=clock.sleep, jitter=lambda: 1.0),
            "mask": notes.masked.append,
            "record": lambda facts: notes.records.append(dict(facts)),
            "directory": tmp_path,
            "now": clock,
        }
        return Tools(**(settings | changes))

    return make


@pytest.fixture
def tools(make_tools: Callable[..., Tools]) -> Tools:
    return make_tools()


@pytest.fixture
def real_time(cloud: Cloud) -> Callable[[Tools], Tools]:
    """For what botocore signs: it stamps the machine's time, which the services then have to keep as well."""

    def use(tools: Tools) -> Tools:
        cloud.now = time.time
        return replace(tools, now=time.time)

    return use
