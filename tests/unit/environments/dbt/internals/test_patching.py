import json

import pytest

from pipeproof.environments.dbt.in_process.patches.patching import replace


@pytest.mark.parametrize("place", ["no_such_module:name", "json:no_such_name", "json:JSONEncoder.no_such_name"])
def test_replace__what_is_not_there_is_left_alone(place):
    assert replace(place, lambda found: found) is None


def test_replace__lasts_as_long_as_it_is_held():
    held = json.JSONEncoder.encode
    with replace("json:JSONEncoder.encode", lambda encode: lambda encoder, what: encode(encoder, [what])):
        assert json.dumps(1, indent=0) == "[\n1\n]"
    assert json.JSONEncoder.encode is held
