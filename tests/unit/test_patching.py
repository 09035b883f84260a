"""The gate to other people's libraries, on a library of the test's own."""

import asyncio
import sys
import warnings
from contextlib import ExitStack
from types import ModuleType

import pytest

from pipeproof.errors import SetupError
from pipeproof.patching import Changed, Library, LibraryChangedWarning, Name

SOURCE = """
class Client:
    def send(self, request, *, timeout=1):
        return f"sent {request}"

    async def send_later(self, request):
        return f"sent {request}"

    @staticmethod
    def make(kind):
        return f"made {kind}"

    @classmethod
    def load(cls, kind):
        return f"{cls.__name__} loaded {kind}"


class Special(Client):
    pass


limit = 3
"""


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("pptest_library")
    exec(SOURCE, vars(module))
    monkeypatch.setitem(sys.modules, "pptest_library", module)
    return module


def hook_of(*names, switched=False, speed=False):
    listed = Library("The library", "pytest", "1.0", switched)
    return listed.hook("nothing is sent faster", *[f"pptest_library:{name}" for name in names], speed=speed)


def louder(original):
    def send(client, request, **options):
        return f"{original(client, request, **options)}!"

    return send


SEND = "pptest_library:Client.send"


def test_enter__replaces_until_the_stack_is_closed(library):
    hook = hook_of("Client.send(self, request)", "limit")
    with ExitStack() as stack:
        assert hook.enter(stack, {SEND: louder, "pptest_library:limit": lambda limit: limit + 1})
        assert (library.Client().send("a"), library.limit, hook.at_work) == ("sent a!", 4, True)
    assert (library.Client().send("a"), library.limit, hook.at_work) == ("sent a", 3, False)


@pytest.mark.parametrize(
    ("listed", "place", "call", "expected"),
    [
        ("Client.make(kind)", "Client.make", lambda library: library.Client.make("x"), "made x!"),
        ("Client.load(kind)", "Client.load", lambda library: library.Client.load("x"), "Client loaded x!"),
        ("Special.send(self, request)", "Special.send", lambda library: library.Special().send("x"), "sent x!"),
    ],
)
def test_replacing__static_class_and_inherited_methods_are_put_back_as_they_were(
    library, listed, place, call, expected
):
    before = {kind: dict(vars(getattr(library, kind))) for kind in ("Client", "Special")}

    def loud(original):
        return lambda *args: f"{original(*args)}!"

    with hook_of(listed).replacing({f"pptest_library:{place}": loud}):
        assert call(library) == expected
    assert call(library) == expected[:-1]
    assert {kind: dict(vars(getattr(library, kind))) for kind in ("Client", "Special")} == before


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["Client.post(self, request)", "Client.send(self, request)"], "pptest_library:Client.post is gone"),
        (["Client.send(self, request)", "Server.send"], "pptest_library:Server.send is gone"),
        (["Client.send(self, message)"], r"Client.send does not take \(self, message\)"),
        (["Client.send(self)"], r"Client.send does not take \(self\)"),
        (["Client.send(self, request, more)"], r"Client.send does not take \(self, request, more\)"),
    ],
)
def test_enter__what_has_changed_replaces_nothing_and_is_said_once(library, names, said):
    hook = hook_of(*names)
    makes = {f"pptest_library:{name.partition('(')[0]}": louder for name in names}

    def send_twice():
        with ExitStack() as stack:
            entered = [hook.enter(stack, makes), hook.enter(stack, makes)]
            return entered, library.Client().send("a")

    with pytest.warns(LibraryChangedWarning, match=f"The library .*{said}.*nothing is sent faster") as caught:
        assert send_twice() == ([False, False], "sent a")
    assert len(caught) == 1


def test_enter__a_module_that_is_gone(library):
    hook = Library("The library", "pytest", "1.0").hook("it is slower", "pptest_library.inside:send")
    with pytest.warns(LibraryChangedWarning, match="pptest_library.inside:send is gone"), ExitStack() as stack:
        assert not hook.enter(stack, {"pptest_library.inside:send": louder})


def test_replacing__a_failure_half_way_puts_everything_back(library):
    hook = hook_of("Client.send(self, request)", "limit")

    def fail(_original):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), ExitStack() as stack:
        hook.enter(stack, {SEND: louder, "pptest_library:limit": fail})
    assert (library.Client().send("a"), hook.users) == ("sent a", 0)


def strict(original):
    def send(client, request):
        return f"{original(client, request)}!"

    return send


def test_guard__a_call_that_is_not_as_known_is_the_librarys_own(library):
    """The library's next version may call its own function in another way."""
    hook = hook_of("Client.send(self, request)")
    with hook.replacing({SEND: strict}):
        assert library.Client().send("a") == "sent a!"
        with pytest.warns(LibraryChangedWarning, match="timeout"):
            assert library.Client().send("a", timeout=2) == "sent a"
        assert library.Client().send("b", timeout=2) == "sent b"
    assert not hook.at_work


def test_guard__a_type_error_of_the_users_is_raised_once(library):
    def send(_original):
        def fail(client, request):
            return request + 1

        return fail

    with hook_of("Client.send(self, request)").replacing({SEND: send}), pytest.raises(TypeError, match="concatenate"):
        library.Client().send("a")


def test_known__what_cannot_be_read_leaves_the_call_to_the_library(library):
    hook = hook_of("Client.send(self, request)")

    def counting(original):
        def send(client, request):
            with hook.known():
                client._count += 1
            return original(client, request)

        return send

    with hook.replacing({SEND: counting}), pytest.warns(LibraryChangedWarning, match="_count"):
        assert library.Client().send("a") == "sent a"


def test_tolerated__what_cannot_be_read_afterwards_leaves_the_result(library):
    hook, seen = hook_of("Client.send(self, request)"), []

    def noting(original):
        def send(client, request):
            result = original(client, request)
            with hook.tolerated():
                seen.append(result.status)
            return result

        return send

    with hook.replacing({SEND: noting}), pytest.warns(LibraryChangedWarning, match="status"):
        assert (library.Client().send("a"), seen) == ("sent a", [])


def test_guard__coroutines(library):
    hook, place = hook_of("Client.send_later(self, request)"), "pptest_library:Client.send_later"

    def later(original):
        async def send_later(client, request):
            if request == "private":
                raise Changed("it is not as it was")
            return f"{await original(client, request)}!"

        return send_later

    async def both():
        client = library.Client()
        return [await client.send_later("a"), await client.send_later("private"), await client.send_later(request="b")]

    with hook.replacing({place: later}), pytest.warns(LibraryChangedWarning, match="it is not as it was"):
        assert asyncio.run(both()) == ["sent a!", "sent private", "sent b!"]


@pytest.mark.parametrize(
    ("patches", "speed", "wanted"),
    [
        ("all", True, True),
        ("needed", True, False),
        ("needed", False, True),
        ("none", True, False),
        ("none", False, False),
    ],
)
def test_wanted__as_the_variable_says_and_without_a_warning(library, monkeypatch, patches, speed, wanted):
    monkeypatch.setenv("PIPEPROOF_PATCHES", patches)
    with warnings.catch_warnings(), ExitStack() as stack:
        warnings.simplefilter("error")
        hook = hook_of("Client.send(self, request)", switched=True, speed=speed)
        assert hook.enter(stack, {SEND: louder}) == wanted
        assert library.Client().send("a") == ("sent a!" if wanted else "sent a")
        assert hook_of("Client.send(self, request)", speed=speed).wanted  # of a library that the variable is not for


def test_lose__names_the_switch_where_there_is_one(library):
    hook = hook_of("gone", switched=True)
    with pytest.warns(LibraryChangedWarning, match="PIPEPROOF_PATCHES=none"), ExitStack() as stack:
        hook.enter(stack, {"pptest_library:gone": louder})


def test_require__refuses_what_would_prove_nothing(library):
    hook = hook_of("gone")
    hook.require("requests cannot be refused")
    with pytest.warns(LibraryChangedWarning), ExitStack() as stack:
        hook.enter(stack, {"pptest_library:gone": louder})
    with pytest.raises(SetupError, match=r"requests cannot be refused with The library .*gone"):
        hook.require("requests cannot be refused")


@pytest.mark.parametrize("text", ["", "a b", "module:", "module:name(a=1)"])
def test_name__of_nothing(text):
    with pytest.raises(ValueError, match="does not name"):
        Name.parse(text)
