"""What Prefect's engine is spared stays what it would find out."""

import asyncio
import gc
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.client.schemas import objects
from prefect.exceptions import MissingResult
from prefect.filesystems import LocalFileSystem
from prefect.results import ResultRecord, ResultRecordMetadata
from prefect.serializers import JSONSerializer
from prefect.states import Completed, Failed

from pipeproof.environments.prefect.internals.client.sparing import seldom_collected, spared

LOOK_UP = LocalFileSystem._resolve_path


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    return tmp_path_factory.mktemp("server") / "storage"


@pytest.fixture(scope="module", autouse=True)
def sparing(storage):
    with spared(storage):
        yield


def attempt(function, *arguments):
    """What a call gives, or the kind of what it raises."""
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001 - it is compared
        return type(error)


PLAIN = st.text(string.ascii_lowercase + string.digits + "_-.~/ \n\0é", max_size=12)


@given(name=PLAIN, inside=st.booleans())
def test_storage__is_where_prefect_has_it(storage, name, inside):
    """Names, paths below and above, absolute ones and what is no path: the same answer, or the same error."""
    path = f"{storage.resolve()}/{name}" if inside else name
    files = LocalFileSystem(basepath=str(storage))
    assert attempt(files._resolve_path, path) == attempt(LOOK_UP, files, path)


@pytest.mark.parametrize("path", [None, "", ".", "..", "../storage", "sub/key", "~/key", "/etc/passwd", "key\n"])
@pytest.mark.parametrize("base", [None, ".", "/", "~", "its own"])
def test_storage__other_folders_are_looked_up(storage, base, path):
    files = LocalFileSystem(basepath=str(storage) if base == "its own" else base)
    assert attempt(files._resolve_path, path) == attempt(LOOK_UP, files, path)


def test_storage__behind_a_link(tmp_path):
    """A temporary folder that is reached by a link, as some systems have it."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    storage = tmp_path / "link" / "storage"
    files = LocalFileSystem(basepath=str(storage))
    with spared(storage):
        assert files._resolve_path("key") == LOOK_UP(files, "key") == tmp_path.resolve() / "real" / "storage" / "key"


def record(value):
    return ResultRecord(result=value, metadata=ResultRecordMetadata(serializer=JSONSerializer(), storage_key="key"))


@pytest.mark.parametrize("value", [1, None, [2], ValueError("a value like others")], ids=repr)
def test_result__of_a_completed_state(value):
    assert Completed(data=record(value)).result() is value


def test_result__in_an_event_loop():
    """It is awaited there, as ever."""

    async def ask():
        return await Completed(data=record(1)).result()

    assert asyncio.run(ask()) == 1


def test_result__of_a_failed_state():
    with pytest.raises(ValueError, match="no good"):
        Failed(data=record(ValueError("no good"))).result()


def test_result__that_is_missing():
    with pytest.raises(MissingResult):
        Completed().result()


def test_result__that_is_no_record():
    assert Completed(data=5).result() == 5


def test_collection__is_as_before_afterwards():
    before = gc.get_threshold()
    with seldom_collected():
        assert gc.get_threshold()[0] > before[0]
        with seldom_collected():
            pass
    assert gc.get_threshold() == before


@pytest.mark.parametrize("chosen", [(0, 10, 10), (50_000, 5, 5)])
def test_collection__as_the_user_has_it(chosen):
    before = gc.get_threshold()
    gc.set_threshold(*chosen)
    try:
        with seldom_collected():
            assert gc.get_threshold() == chosen
        assert gc.get_threshold() == chosen
    finally:
        gc.set_threshold(*before)


def test_collection__that_the_flow_chooses():
    before = gc.get_threshold()
    try:
        with seldom_collected():
            gc.set_threshold(1234, 5, 6)
        assert gc.get_threshold() == (1234, 5, 6)
    finally:
        gc.set_threshold(*before)


def test_collection__that_is_off():
    gc.disable()
    try:
        before = gc.get_threshold()
        with seldom_collected():
            assert gc.get_threshold() == before
    finally:
        gc.enable()


def test_all__is_as_before_afterwards(storage):
    places = [
        (LocalFileSystem, "_resolve_path"),
        (objects, "run_coro_as_sync"),
    ]
    before = [getattr(owner, name) for owner, name in places]
    with spared(Path(storage)):
        assert all(getattr(*place) is not was for place, was in zip(places, before, strict=True))
    assert all(getattr(*place) is was for place, was in zip(places, before, strict=True))
