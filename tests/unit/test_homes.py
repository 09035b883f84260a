"""The names that users import from `pipeproof`."""

import pickle

import pytest

import pipeproof
from pipeproof.errors import InputError, PipeproofError
from pipeproof.homes import HOMES

ERRORS = sorted(name for name in HOMES if name[0].isupper() and name != "StateMachine")


def test_homes__have_all_that_the_package_offers():
    assert set(pipeproof.__all__) - set(HOMES) == {"PipeproofError"}


@pytest.mark.parametrize("name", ERRORS)
def test_error__is_named_as_it_is_imported(name):
    """In a traceback, and so that a pickle of it can be read."""
    error = getattr(pipeproof, name)
    assert issubclass(error, PipeproofError)
    assert (error.__module__, error.__qualname__) == ("pipeproof", name)
    assert pickle.loads(pickle.dumps(error)) is error


def test_error__of_a_test_keeps_its_message_and_hint_in_a_pickle():
    error = pickle.loads(pickle.dumps(pipeproof.DbtFailed("it failed", hint="do better")))
    assert str(error) == "it failed\n  do better"


def test_error__of_another_package_keeps_its_module():
    """Also one of the same name as ours."""
    assert type("DbtFailed", (PipeproofError,), {"__module__": "theirs"}).__module__ == "theirs"
    assert InputError.__module__ == "pipeproof.errors"


def test_unknown_name__is_an_attribute_error():
    with pytest.raises(AttributeError, match="'pipeproof' has no attribute 'DbtFaild'"):
        pipeproof.DbtFaild  # noqa: B018
