#!/usr/bin/env bash
# 2026-11-30. The newest `jsonata` on npm accepts operators that the version which Step Functions names (2.0.6) refuses.
#
# `$states.input.size ?? 10` and `$states.input.size ?: 10` are the coalescing and the default operator of JSONata 2.1
# and later. Step Functions' documentation names JSONata 2.0.6, in which both are syntax errors (S0211):
# an expression that was tried with the newest package, or in an online exerciser that runs it, is refused when the state
# machine is created.
#
# Versions: jsonata 2.0.6 and 2.2.2 from npm, Node.js 20.
# Output seen: 2.0.6: both are syntax errors; 2.2.2: both give 10
# What to do: try expressions for Step Functions with jsonata@2.0.6, and write $exists($x) ? $x : 10.
#
# Exits with 0 while this is so.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > try.js <<'J'
const jsonata = require(process.argv[2] + "/node_modules/jsonata");
(async () => {
  const found = [];
  for (const text of ["size ?? 10", "size ?: 10"]) {
    try { found.push(await jsonata(text).evaluate({})); } catch (error) { found.push(error.code); }
  }
  console.log(JSON.stringify(found));
})();
J
for version in 2.0.6 2.2.2; do npm install --silent --no-audit --no-fund --prefix "$folder/$version" "jsonata@$version" >/dev/null; done
old=$(node try.js "$folder/2.0.6"); new=$(node try.js "$folder/2.2.2")
echo "jsonata 2.0.6: $old; 2.2.2: $new"
[ "$new" = "[10,10]" ] && [ "$old" != "$new" ]
