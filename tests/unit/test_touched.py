"""All that is touched of other people's libraries: each name that is listed, gone and with other parameters."""

import warnings

import pytest
from changes import assert_said, called, each_hook, forgotten, give_other_parameters, hide

from pipeproof.environments.aws.touched import BOTOCORE, MOTO, MOTO_ROUTING
from pipeproof.environments.dbt.in_process.touched import CORE, DBT
from pipeproof.environments.prefect.internals.touched import AIOSQLITE, ALWAYS, FASTAPI, PREFECT
from pipeproof.plugin.touched import PYTEST
from pipeproof.sql.touched import SQLGLOT
from pipeproof.stepfunctions import moto_service  # it lists more of moto's

LIBRARIES = (BOTOCORE, MOTO, MOTO_ROUTING, SQLGLOT, DBT, CORE.library, PREFECT, ALWAYS, AIOSQLITE, FASTAPI, PYTEST)
assert moto_service.SERVICE in MOTO.hooks


def usable_and_said(hook):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return [hook.usable(), hook.usable()], caught


@pytest.mark.parametrize("hook", each_hook(*LIBRARIES))
def test_names__are_as_they_are_listed(hook):
    hook.check()


@pytest.mark.parametrize("change", [hide, give_other_parameters])
@pytest.mark.parametrize("hook", each_hook(*LIBRARIES))
def test_names__have_changed(hook, change):
    """Each in turn: the hook does without, and says once what is lost and by what."""
    for name in hook.names if change is hide else called(hook):
        with forgotten(hook.library), pytest.MonkeyPatch.context() as monkeypatch:
            change(monkeypatch, name)
            usable, caught = usable_and_said(hook)
            assert usable == [False, False]
            assert_said(caught, hook, name)
