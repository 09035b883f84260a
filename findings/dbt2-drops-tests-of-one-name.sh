#!/usr/bin/env bash
# 2026-11-30. dbt 2 runs one of several unit tests that have one name, and says nothing of the others.
#
# Two models have a unit test called `keeps` each: its unique id has the model in it, and dbt 1 runs both. The one of `b` is
# wrong. dbt 2 has only that of `a` in its manifest, runs it, and exits with 0. (Data tests that are given one `name:` on
# two models fare the same.) A project that moves to dbt 2 loses tests and stays green.
#
# Versions: dbt-core 1.11.16 with dbt-duckdb 1.11.1; dbt-core 2.0.0a4 and dbt 2.0.0rc196 (fusion), whose driver is the library
# of DuckDB's wheel 2.0.0, so that they download none. Linux on x86-64, a Python 3.11 that has a shared library.
# Output seen: first: 2 unit tests, exit code 1; core: 1, 0; fusion: 1, 0
# What to do: give unit tests and named data tests names of their own before you move to dbt 2.
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
echo "{name: small, profile: small}" > "$folder/project/dbt_project.yml"
echo "select 1 as n" | tee "$folder/project/models/a.sql" > "$folder/project/models/b.sql"
cat > "$folder/project/models/m.yml" <<'P'
unit_tests:
  - {name: keeps, model: a, given: [], expect: {rows: [{n: 1}]}}
  - {name: keeps, model: b, given: [], expect: {rows: [{n: 7}]}}
P
for dbt in first core fusion; do
  code=0; run $dbt build || code=$?
  ran=$(grep -o '"unit_test\.small\.[a-z.]*"' "$folder/target-$dbt/run_results.json" | sort -u | wc -l)
  echo "$dbt: $ran unit tests, exit code $code"
  case $dbt in first) [ "$ran $code" = "2 1" ];; *) [ "$ran $code" = "1 0" ];; esac
done
