#!/usr/bin/env bash
# 2026-11-30. A model with `grants` fails on DuckDB with dbt 2; with dbt 1 it is built.
#
# dbt-duckdb's macro for grants says by the adapter's `warn_once` that DuckDB has none. dbt 2 carries the macro along, and its adapter
# has no such method. A project that grants in production can so not be built on a laptop with dbt 2, though nothing is to be granted.
#
# Versions: dbt-core 1.11.16 with dbt-duckdb 1.11.1; dbt-core 2.0.0a4 and dbt 2.0.0rc196 (fusion), whose driver is the library
# of DuckDB's wheel 2.0.0, so that they download none. Linux on x86-64, a Python 3.11 that has a shared library.
# Output seen: first: exit code 0; core: exit code 1, no method named warn_once; fusion: exit code 1, no method named warn_once
# What to do: give grants for the targets that have roles alone: `grants={…} if target.type != 'duckdb' else {}`.
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
cat > "$folder/project/profiles.yml" <<'P'
small: {target: dev, outputs: {dev: {type: duckdb, path: "{{ env_var('FILE') }}", schema: main}}}
P
echo "{name: small, profile: small}" > "$folder/project/dbt_project.yml"
echo "{{ config(materialized='table', grants={'select': ['reporter']}) }} select 1 as n" > "$folder/project/models/a.sql"
for dbt in first core fusion; do
  libraries=()
  [ $dbt = first ] || libraries=("LD_PRELOAD=$python" "LD_LIBRARY_PATH=$folder/driver")
  code=0
  (cd "$folder/project" && env "HOME=$folder/home" FILE="$folder/$dbt.duckdb" DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    "${libraries[@]}" "$folder/$dbt/bin/dbt" run --target-path "$folder/target-$dbt" > "$folder/$dbt.log" 2>&1) || code=$?
  said=$(grep -o "no method named warn_once" "$folder/$dbt.log" | head -1 || true)
  echo "$dbt: exit code $code${said:+, $said}"
  case $dbt in first) [ $code = 0 ];; *) [ $code = 1 ] && [ -n "$said" ];; esac
done
