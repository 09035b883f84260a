#!/usr/bin/env bash
# 2026-11-30. `dbt compile` of dbt 2 runs the project's hooks, and so writes to the database.
#
# dbt 1 compiles without running `on-run-start` and `on-run-end`; people compile against production to look at SQL. dbt 2 runs
# both hooks for `compile`: here one inserts a row into a table, and the row is there afterwards.
#
# Versions: dbt-core 1.11.16 with dbt-duckdb 1.11.1; dbt-core 2.0.0a4 and dbt 2.0.0rc196 (fusion), whose driver is the library
# of DuckDB's wheel 2.0.0, so that they download none. Linux on x86-64, a Python 3.11 that has a shared library.
# Output seen: first: 0 rows after compile; core: 1; fusion: 1
# What to do: let hooks that write ask `flags.WHICH`, and leave `compile` out.
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
{name: small, profile: small, on-run-end: "insert into audit values (1)"}
P
echo "select 1 as n" > "$folder/project/models/a.sql"
for dbt in first core fusion; do
  count="import duckdb, sys; c = duckdb.connect(sys.argv[1]); c.execute('create table if not exists audit (n int)')"
  count="$count; print(c.execute('select count(*) from audit').fetchone()[0])"
  "$folder/first/bin/python" -c "$count" "$folder/$dbt.duckdb" > "$folder/before"
  run $dbt compile
  rows=$("$folder/first/bin/python" -c "$count" "$folder/$dbt.duckdb")
  echo "$dbt: $rows rows after compile"
  case $dbt in first) [ "$rows" = 0 ];; *) [ "$rows" = 1 ];; esac
done
