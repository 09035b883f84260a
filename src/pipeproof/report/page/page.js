// Filters the tests of the page, and opens what a link leads to. The page is complete without it.
const find = (id) => document.getElementById(id);
const filters = find("filters");

if (filters) {
  const boxes = [...filters.querySelectorAll("input[type=checkbox]")];
  const choices = { words: find("words"), module: find("module"), cause: find("cause") };
  const tests = [...document.querySelectorAll("[data-status]")].map((element) => ({
    element,
    row: element.tagName === "TR",
    status: element.dataset.status.split(" "),
    module: element.dataset.module.split(" "),
    cause: element.dataset.cause.split(" "),
    words: null, // read when it is first searched: pages are large
  }));

  const matches = (test, asked) => {
    if (!test.status.some((status) => asked.statuses.has(status))) return false;
    if (asked.module && !test.module.includes(asked.module)) return false;
    if (asked.cause && !test.cause.includes(asked.cause)) return false;
    if (!asked.words.length) return true;
    test.words ??= test.element.textContent.toLowerCase();
    return asked.words.every((word) => test.words.includes(word));
  };

  const apply = () => {
    const asked = {
      statuses: new Set(boxes.filter((box) => box.checked).map((box) => box.value)),
      module: choices.module?.value,
      cause: choices.cause?.value,
      words: choices.words.value.toLowerCase().split(/\s+/).filter(Boolean),
    };
    const shown = { true: 0, false: 0 };
    const every = { true: 0, false: 0 };
    for (const test of tests) {
      const match = matches(test, asked);
      test.element.hidden = !match;
      every[test.row] += 1;
      shown[test.row] += match;
    }
    const causes = every.false ? `, ${shown.false} of ${every.false} causes` : "";
    find("shown").textContent = `${shown.true} of ${every.true} tests${causes} shown`;
  };

  let waiting = 0;
  filters.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 100);
  });
  find("reset").addEventListener("click", () => {
    for (const box of boxes) box.checked = true;
    for (const choice of Object.values(choices)) if (choice) choice.value = "";
    apply();
    choices.words.focus();
  });
  filters.hidden = false;
  // A browser that comes back to the page remembers what was asked for.
  if (choices.words.value || choices.module?.value || choices.cause?.value || boxes.some((box) => !box.checked)) apply();
}

const open = () => {
  const target = location.hash.startsWith("#cause-") && find(location.hash.slice(1));
  if (!target) return;
  target.hidden = false;
  target.open = true;
  target.scrollIntoView();
  target.querySelector("summary").focus({ preventScroll: true });
};
addEventListener("hashchange", open);
open();
