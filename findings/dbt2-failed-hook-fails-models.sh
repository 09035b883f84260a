#!/usr/bin/env bash
# 2026-11-30. After a failing hook dbt 2's run results call models failed that were built, and leave the hook out.
#
# An `on-run-end` hook fails after model `a` was built. dbt 1's run_results.json has the model with `success` and the hook with
# `error`. dbt 2's has the model with `error` and the message "Compilation Error", and no hook at all; its log says rightly
# that the model succeeded. What reads the results (a report, `dbt retry`, state by results) blames the model.
#
# Versions: dbt-core 1.11.16 with dbt-duckdb 1.11.1; dbt-core 2.0.0a4 and dbt 2.0.0rc196 (fusion), whose driver is the library
# of DuckDB's wheel 2.0.0, so that they download none. Linux on x86-64, a Python 3.11 that has a shared library.
# Output seen: first: model success, hook error; core: model error, hook absent; fusion: model error, hook absent
# What to do: take the status of nodes from the log's NodeFinished events, and hooks from LogHookEndLine, where a run failed.
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/driver" "$folder/home" "$folder/project/models"
prepare() { # NAME PACKAGE…: an environment of its own
  python3 -m venv "$folder/$1"
  "$folder/$1/bin/pip" install --quiet --disable-pip-version-check "${@:2}"
}
prepare first dbt-core==1.11.16 dbt-duckdb==1.11.1 duckdb==2.0.0
prepare core dbt-core==2.0.0a4
prepare fusion dbt==2.0.0rc196
ln -s "$("$folder/first/bin/python" -c 'import _duckdb; print(_duckdb.__file__)')" "$folder/driver/libduckdb.so"
python=$(python3 -c 'import sysconfig as s; print(s.get_config_var("LIBDIR") + "/" + s.get_config_var("LDLIBRARY"))')
run() { # NAME ARGUMENT…: run dbt in the project
  local libraries=()
  [ "$1" = first ] || libraries=("LD_PRELOAD=$python" "LD_LIBRARY_PATH=$folder/driver")
  (cd "$folder/project" && env "HOME=$folder/home" FILE="$folder/$1.duckdb" DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    "${libraries[@]}" "$folder/$1/bin/dbt" "${@:2}" --target-path "$folder/target-$1" > "$folder/$1.log" 2>&1)
}
cat > "$folder/project/profiles.yml" <<'P'
small: {target: dev, outputs: {dev: {type: duckdb, path: "{{ env_var('FILE') }}", schema: main}}}
P
cat > "$folder/project/dbt_project.yml" <<'P'
{name: small, profile: small, on-run-end: "insert into nowhere values (1)"}
P
echo "select 1 as n" > "$folder/project/models/a.sql"
cat > "$folder/look.py" <<'P'
import json, sys
found = {each["unique_id"].split(".")[0]: each["status"] for each in json.load(open(sys.argv[1]))["results"]}
print(f"model {found['model']}, hook {found.get('operation', 'absent')}")
P
for dbt in first core fusion; do
  run $dbt run && exit 1
  told=$(python3 "$folder/look.py" "$folder/target-$dbt/run_results.json")
  echo "$dbt: $told"
  case $dbt in first) [ "$told" = "model success, hook error" ];; *) [ "$told" = "model error, hook absent" ];; esac
done
