"""Many runs on one database: none leaves anything, save one that is killed, and `pipeproof clean` finds that."""

import argparse
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pipeproof.environments.dbt.clean import add_clean_parser, clean, read_age
from pipeproof.environments.dbt.settings import Settings
from pipeproof.errors import InputError

CROWD = Path(__file__).with_name("crowd.py")
SHOP = Path(__file__).with_name("shop")


def command(tmp_path, how):
    return [sys.executable, str(CROWD), str(SHOP), "ci", str(tmp_path / how), how]


def stay(tmp_path, name):
    process = subprocess.Popen(
        [*command(tmp_path, "stay")[:-2], str(tmp_path / name), "stay"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().strip()


def schemas_of(database):
    return {
        name for (name,) in database.execute("select nspname from pg_namespace where nspname !~ '^(pg_|info|pptest)'")
    }


def run_clean(*arguments):
    parser = argparse.ArgumentParser()
    add_clean_parser(parser.add_subparsers())
    options = parser.parse_args(["clean", *arguments])
    return options.command(options, [])


def test_crowd__leaves_nothing_but_what_was_killed(tmp_path, shop_database, capsys):
    for schema in ("crowd", "crowd_data", "analytics", "crowd_20261121091400_abcdef"):
        shop_database.execute(f"create schema {schema}")
    before = schemas_of(shop_database)
    killed, lost = stay(tmp_path, "killed")
    living, alive = stay(tmp_path, "living")
    killed.kill()
    killed.wait()
    subprocess.run(command(tmp_path, "8"), check=True)
    assert schemas_of(shop_database) == before | {lost, f"{lost}_staging", alive, f"{alive}_staging"}

    place = ["--directory", str(SHOP), "--dbt-target", "ci", "--dbt-schema-prefix", "crowd"]
    assert run_clean(*place, "--older-than", "1h") == 0
    assert "0 dropped, 4 kept" in capsys.readouterr().out
    assert run_clean(*place) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 dropped, 2 kept"
    assert schemas_of(shop_database) == before | {alive, f"{alive}_staging"}

    living.communicate()
    assert living.returncode == 0
    assert schemas_of(shop_database) == before
    assert not clean(Settings(SHOP, "ci", "crowd")).dropped


def test_clean__embedded_keeps_nothing(capsys):
    assert run_clean("--dbt-target", "embedded") == 0
    assert "keeps nothing" in capsys.readouterr().out


def test_clean__no_project_there(tmp_path):
    """A folder that is given is looked at, even where the target keeps nothing."""
    with pytest.raises(InputError, match=r"no dbt_project\.yml in .*nope"):
        run_clean("--directory", str(tmp_path), "--dbt-project-dir", "nope")


def test_read_age():
    assert read_age("90m") == timedelta(minutes=90)
    with pytest.raises(InputError, match="older-than"):
        read_age("soon")
