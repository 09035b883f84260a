"""The names that users import from `pipeproof`."""

import ast
import pickle
from pathlib import Path

import pytest

import pipeproof
from pipeproof.errors import InputError, PipeproofError
from pipeproof.homes import HOMES


def _is_error(name):
    found = getattr(pipeproof, name)
    return isinstance(found, type) and issubclass(found, PipeproofError)


ERRORS = sorted(filter(_is_error, HOMES))


def test_homes__have_all_that_the_package_offers():
    assert set(pipeproof.__all__) == {*HOMES, "PipeproofError"}


def test_homes__are_those_that_type_checkers_are_shown():
    tree = ast.parse(Path(pipeproof.__file__).read_text())
    shown = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("pipeproof.")
        for alias in node.names
    }
    del shown["HOMES"], shown["PipeproofError"]
    assert shown == HOMES


@pytest.mark.parametrize("name", HOMES)
def test_name__is_there(name):
    assert getattr(pipeproof, name) is not None


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
