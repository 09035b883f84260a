"""While modules are imported, Prefect sees nothing of the developer's; nor do the processes of a test."""

import os
from pathlib import Path

import pytest
from prefect.context import SettingsContext, root_settings_context
from prefect.settings import PREFECT_API_KEY, PREFECT_API_URL, PREFECT_HOME, get_current_settings
from prefect.settings.models.root import Settings

from pipeproof.environments.prefect.importing import empty_profile
from pipeproof.environments.prefect.internals.client import settings as client

PROFILES = """\
active = "production"

[profiles.production]
PREFECT_API_URL = "http://127.0.0.1:9/profile"
PREFECT_LOGGING_LEVEL = "ERROR"
"""
DOTENV = """\
PREFECT_API_URL=http://127.0.0.1:9/dotenv
PREFECT_API_KEY=secret
PREFECT_API_AUTH_STRING=user:secret
"""


@pytest.fixture
def developer(tmp_path, monkeypatch):
    """A developer's home and project, whose settings are in force."""
    home = tmp_path / "home"
    home.mkdir()
    home.joinpath("profiles.toml").write_text(PROFILES)
    tmp_path.joinpath(".env").write_text(DOTENV)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_HOME", str(home))
    token = SettingsContext.__var__.set(None)  # another module's server may be in force in this process
    monkeypatch.setattr("prefect.context.GLOBAL_SETTINGS_CONTEXT", root_settings_context())
    yield home
    SettingsContext.__var__.reset(token)


def test_empty_profile__is_in_force_while_modules_are_imported(developer):
    """Neither the profile, nor `.env`, nor the home is seen; afterwards all are as they were."""
    assert PREFECT_API_URL.value() == "http://127.0.0.1:9/dotenv"
    before = get_current_settings()
    with empty_profile():
        assert not PREFECT_API_URL.value()
        assert not PREFECT_API_KEY.value()
        assert get_current_settings().logging.level == "INFO"
        folder = PREFECT_HOME.value()
        assert folder.exists()
        assert str(folder) in str(get_current_settings().server.database.connection_url.get_secret_value())
    assert get_current_settings() is before
    assert not folder.exists()
    assert [file.name for file in developer.iterdir()] == ["profiles.toml"]


@pytest.mark.parametrize(("own", "seconds"), [(None, 120), ("7", 7)])
def test_empty_profile__a_temporary_server_has_time_to_start(developer, monkeypatch, own, seconds):
    """More than Prefect's 20 s, which are over on a busy machine; unless the user says how long."""
    if own:
        monkeypatch.setenv("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", own)
    with empty_profile():
        assert get_current_settings().server.ephemeral.startup_timeout_seconds == seconds


def test_empty_profile__prefect_is_imported_meanwhile(developer, monkeypatch):
    """The settings that it read then do not outlive the import."""
    with empty_profile():
        anew = root_settings_context()
    monkeypatch.setattr("prefect.context.GLOBAL_SETTINGS_CONTEXT", anew)
    client.set_settings_of_process(None)
    assert PREFECT_HOME.value() == developer


def test_empty_profile__test_server_is_in_force(prefect_server):
    """What a fixture has set up stays: pytest may be run within a test."""
    with empty_profile():
        assert PREFECT_API_URL.value() == prefect_server.api_url


def test_server__keys_of_the_project(prefect_server, tmp_path, monkeypatch):
    """A process that a test starts in the project's folder reads its `.env`, and sends no key to the test server."""
    Path(tmp_path, ".env").write_text(DOTENV)
    monkeypatch.chdir(tmp_path)
    read = Settings().api
    assert read.url == prefect_server.api_url
    assert not read.key.get_secret_value()
    assert not read.auth_string.get_secret_value()
