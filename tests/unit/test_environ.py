"""The process's environment, changed and put back."""

import pytest

from pipeproof import environ


def test_changed__puts_back_what_was_set_unset_and_changed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PPTEST_KEPT", "before")
    monkeypatch.delenv("PPTEST_NEW", raising=False)
    with environ.changed({"PPTEST_KEPT": None, "PPTEST_NEW": "1"}):
        assert (environ.get("PPTEST_KEPT"), environ.get("PPTEST_NEW")) == (None, "1")
        environ.change({"PPTEST_KEPT": "meanwhile"})
    assert (environ.get("PPTEST_KEPT"), environ.get("PPTEST_NEW")) == ("before", None)


def test_take__unsets_what_it_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PPTEST_FD", "7")
    assert (environ.take("PPTEST_FD"), environ.take("PPTEST_FD")) == ("7", None)
