// Evaluates JSONata with a reference implementation: one case a line in, one outcome a line out, both JSON.
//     node reference.mjs NAME    where NAME is the package's name in .ci/package.json
// Bounds and unbound functions are those of Step Functions: 100 levels, no $eval; five seconds are enough for each case.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// The clock stands at 1970, as it does here.
const Clock = Date;
globalThis.Date = class extends Clock {
  constructor(...given) {
    super(...(given.length ? given : [0]));
  }
};

const jsonata = createRequire(new URL("../../.ci/", import.meta.url))(process.argv[2]);
const DEPTH = 100;
const MILLIS = 5000;
// The reference keeps the last name that a built-in function was called by and shows it in messages.
const builtIn = [];
for (const [name] of Object.entries(await names())) builtIn.push(await jsonata(`$${name}`).evaluate());

async function names() {
  const known = "sum count max min average string substring substringBefore substringAfter lowercase uppercase length trim pad match " +
    "contains replace split join formatNumber formatBase formatInteger parseInteger number floor ceil round abs sqrt power boolean not " +
    "map zip filter single reduce sift keys lookup append exists spread merge reverse each error assert type sort distinct base64encode " +
    "base64decode encodeUrlComponent encodeUrl decodeUrlComponent decodeUrl toMillis fromMillis clone";
  return Object.fromEntries(known.split(" ").map((name) => [name, true]));
}

function bounded(expression) {
  const end = performance.now() + MILLIS;
  let depth = 0;
  const check = () => {
    if (depth > DEPTH) throw { message: `Stack overflow error: Depth=${depth} max=${DEPTH}` };
    if (performance.now() > end) throw { message: "Expression evaluation timeout" };
  };
  expression.assign(Symbol.for("jsonata.__evaluate_entry"), () => {
    depth++;
    check();
  });
  expression.assign(Symbol.for("jsonata.__evaluate_exit"), () => {
    depth--;
    check();
  });
}

function plain(value) {
  return JSON.stringify(value, (_, item) => {
    if (typeof item === "number" && !Number.isFinite(item)) return String(item);
    if (item && (typeof item === "function" || item._jsonata_lambda || item._jsonata_function)) return "<function>";
    return item;
  });
}

async function outcome(line) {
  const { expression, variables } = JSON.parse(line);
  for (const each of builtIn) delete each.token;
  try {
    const compiled = jsonata(expression);
    compiled.assign("eval", undefined);
    bounded(compiled);
    const value = await compiled.evaluate(undefined, variables);
    return value === undefined ? { nothing: true } : { value: plain(value) };
  } catch (error) {
    return { code: error.code ?? "", message: error.message ?? String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await outcome(line)) + "\n");
}
