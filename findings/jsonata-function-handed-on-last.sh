#!/usr/bin/env bash
# What: jsonata 2.0.6 and 2.2.2 (npm). A built-in function, a partial application, or the comparator of $sort that is handed on by
#       the LAST call of a function's body cannot be called: "func.apply is not a function", "comp is not a function". The same
#       call works at the top level, and in the body when it is not the last one.
# Seen: 2026-11-30.
# Why it surprises: naming a function is documented as passing a value; moving an expression into a function changes whether it runs.
#       Tail calls are made by a loop that hands the arguments on without wrapping them as ordinary calls do.
# What to do: bind the result first: ($sorted := $sort(…); $sorted), or hand on function($v){$uppercase($v)}.
# Exits 0 while it is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jsonata@2.0.6 later@npm:jsonata@2.2.2
node --version
cat > show.cjs <<'JS'
const fine = ['$map(["a"], $uppercase)', '$sort([2, 1], function($l, $r){$l > $r})',
              '(function(){($m := $map(["a"], $uppercase); $m)})()', '(function(){($s := $sort([2, 1], function($l, $r){$l > $r}); $s)})()'];
const broken = ['(function(){$map(["a"], $uppercase)})()', '(function(){$sort([2, 1], function($l, $r){$l > $r})})()'];
(async () => {
  let asBefore = true;
  for (const name of ["jsonata", "later"]) {
    const jsonata = require(name);
    console.log("jsonata", require(name + "/package.json").version);
    for (const text of [...fine, ...broken]) {
      let failed = false, shown;
      try { shown = JSON.stringify(await jsonata(text).evaluate()); } catch (error) { failed = true; shown = error.message; }
      console.log(" ", text, "=>", shown);
      if (failed !== broken.includes(text)) asBefore = false;
    }
  }
  process.exit(asBefore ? 0 : 1);
})();
JS
node show.cjs
