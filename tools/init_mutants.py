"""Breaks what the tests of `pipeproof init` are of, one thing at a time, and counts the breaks that they notice.

    python tools/init_mutants.py [project …]

For each project a copy is made, `pipeproof init` writes its tests, and they have to pass. Then each break is made in
turn and the tests are run again: of the state machines each Retry, Catch and action of the role is dropped, each
Choice turned round, each number changed; of models and flows what `BREAKS` lists. Prints each break that was not
noticed, and the share of those that were.
"""

import copy
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PROJECTS = {
    **{name: ROOT / "tests/integration/init/projects" / name for name in ("flows", "models", "machines", "sam")},
    "all": ROOT / "examples/orders",
}

BREAKS: dict[str, list[tuple[str, str, str]]] = {
    "flows": [
        ("shop/daily.py", 'order["amount"] > 10', 'order["amount"] > 20'),
        ("shop/daily.py", 'order["amount"] > 10', 'order["amount"] >= 10'),
        ("shop/daily.py", '+ order["amount"]', '- order["amount"]'),
        ("shop/daily.py", "return len(orders)", "return len(totals) + 1"),
        ("shop/daily.py", "    publish(day, totals)\n", ""),
        ("shop/daily.py", "publish(day, totals)", "publish(day, {})"),
        ("shop/daily.py", "keep_paid(fetch_orders(day))", "fetch_orders(day)"),
        ("shop/daily.py", "    return totals", "    return None"),
        ("shop/numbers.py", "number * number", "number + number"),
        ("shop/numbers.py", "+ offset", "- offset"),
        ("shop/numbers.py", "offset: int = 1", "offset: int = 2"),
    ],
    "models": [
        ("models/staging/stg_customers.sql", "where not is_test", ""),
        ("models/staging/stg_customers.sql", "where not is_test", "where is_test"),
        ("models/staging/stg_customers.sql", "trim(name)", "name"),
        ("models/staging/stg_orders.sql", "where status in ('paid', 'refunded', 'open')", ""),
        ("models/staging/stg_orders.sql", "'refunded', 'open'", "'refunded'"),
        ("models/staging/stg_orders.sql", "where version = 1", ""),
        ("models/staging/stg_orders.sql", "updated_at desc", "updated_at"),
        ("models/staging/stg_orders.sql", "amount_cents / 100.0", "amount_cents"),
        ("models/staging/stg_orders.sql", "user_id as customer_id", "id as customer_id"),
        ("models/marts/customer_revenue.sql", "left join", "inner join"),
        ("models/marts/customer_revenue.sql", "orders.status = 'paid'", "true"),
        ("models/marts/customer_revenue.sql", "count(distinct orders.order_id)", "count(orders.order_id)"),
        ("models/marts/customer_revenue.sql", "count(distinct orders.order_id)", "count(*)"),
        ("models/marts/customer_revenue.sql", "coalesce(sum(", "coalesce(max("),
        ("models/marts/large_orders.sql", ">= 250", "> 250"),
        ("models/marts/large_orders.sql", ">= 250", ">= 240"),
        ("models/marts/large_orders.sql", " and status != 'refunded'", ""),
        ("models/marts/large_orders.sql", "where amount >= 250 and", "where"),
    ],
    "all": [
        ("dbt/models/marts/daily_revenue.sql", "where orders.status = 'fulfilled'", ""),
        ("dbt/models/marts/daily_revenue.sql", "left join", "inner join"),
        ("dbt/models/marts/daily_revenue.sql", "count(distinct orders.order_id)", "count(*)"),
        ("dbt/models/marts/daily_revenue.sql", "'unknown'", "'none'"),
        ("dbt/models/marts/fct_orders.sql", "unique_key='order_id'", "unique_key='ordered_on'"),
        ("dbt/models/marts/fct_orders.sql", "inner join", "left join"),
        ("dbt/models/staging/stg_orders.sql", "upper(currency)", "currency"),
        ("dbt/models/staging/stg_order_lines.sql", " / 100", ""),
        ("dbt/models/intermediate/int_order_totals.sql", "sum(quantity)", "max(quantity)"),
        ("orders/flow.py", "rejected=len(records) - len(orders)", "rejected=len(orders)"),
        ("orders/flow.py", 'outcomes.count("failed")', "len(records)"),
        ("orders/flow.py", "    return list(orders.values())", "    return records"),
    ],
}
"""File, what stands in it, and what breaks it."""

DEFINITIONS = {
    "machines": ("polling.asl.json", "approval.asl.json"),
    "sam": ("statemachine/stock_trader.asl.json",),
    "all": ("statemachine/fulfilment.asl.json",),
}
ROLES = {
    "sam": [
        (r"        - LambdaInvokePolicy:\n            FunctionName: !Ref StockCheckerFunction\n", ""),
        (r"        - LambdaInvokePolicy:\n            FunctionName: !Ref StockSellerFunction\n", ""),
        (r"        - DynamoDBWritePolicy:\n            TableName: !Ref TransactionTable\n", ""),
    ],
    "all": [
        (rf"                  - !GetAtt {name}\.Arn\n", "")
        for name in ("PriceOrder", "CheckCredit", "ReserveStock", "ChargeCard", "ReleaseStock")
    ],
}


@dataclass(frozen=True)
class Break:
    """A file of a project, broken."""

    project: str
    file: str
    what: str
    text: str


def breaks_of(project: str, folder: Path) -> Iterator[Break]:
    """Yield the breaks of a project."""
    for name, before, after in BREAKS.get(project, []):
        text = (folder / name).read_text()
        if before not in text:
            raise SystemExit(f"{project}/{name} has no {before!r}")
        yield Break(project, name, f"{before} → {after}", text.replace(before, after, 1))
    for name in DEFINITIONS.get(project, ()):
        definition = json.loads((folder / name).read_text())
        for what, broken in broken_definitions(definition):
            yield Break(project, name, what, json.dumps(broken, indent=2))
    for pattern, after in ROLES.get(project, []):
        text = (folder / "template.yaml").read_text()
        broken = re.sub(pattern, after, text, count=1)
        if broken == text:
            raise SystemExit(f"{project}/template.yaml has no {pattern!r}")
        yield Break(project, "template.yaml", f"without {pattern.strip()}", broken)


def broken_definitions(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a definition with one thing broken, and what."""

    def changed(path: tuple[str, ...], change: Any) -> dict[str, Any]:
        made = copy.deepcopy(definition)
        state = made
        for step in path:
            state = state[int(step)] if isinstance(state, list) else state[step]
        change(state)
        return made

    for path, state in states_of(definition, ()):
        name = path[-1]
        for field in ("Retry", "Catch"):
            if field in state:
                yield f"{name}: no {field}", changed(path, lambda it, field=field: it.pop(field))
        if "Retry" in state:
            yield (
                f"{name}: IntervalSeconds",
                changed(path, lambda it: it["Retry"][0].update(IntervalSeconds=77, MaxDelaySeconds=99)),
            )
        if state["Type"] == "Choice":
            default = state["Default"]

            def turn(it: dict[str, Any], default: str = default) -> None:
                it["Default"], it["Choices"][0]["Next"] = it["Choices"][0]["Next"], default

            yield f"{name}: turned round", changed(path, turn)
            yield (
                f"{name}: no first rule's condition",
                changed(path, lambda it: it["Choices"].pop(0) if len(it["Choices"]) > 1 else turn(it)),
            )
        if "Seconds" in state:
            yield f"{name}: Seconds", changed(path, lambda it: it.update(Seconds=31))
        if state.get("ResultPath"):
            yield f"{name}: ResultPath", changed(path, lambda it: it.pop("ResultPath"))


def states_of(graph: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield each state with its place."""
    for name, state in graph["States"].items():
        at = (*path, "States", name)
        yield at, state
        for number, branch in enumerate(state.get("Branches", [])):
            yield from states_of(branch, (*at, "Branches", str(number)))
        if "ItemProcessor" in state:
            yield from states_of(state["ItemProcessor"], (*at, "ItemProcessor"))


def run_tests(folder: Path) -> bool:
    """Return whether the tests that were written pass."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def notices(found: Break, made: Path, scratch: Path) -> bool:
    """Return whether the tests fail with a break."""
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name, "project")
        shutil.copytree(made, folder)
        (folder / found.file).write_text(found.text)
        return not run_tests(folder)


def main(names: list[str]) -> None:
    """Measure the projects of these names, all without any."""
    caught = total = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in names or PROJECTS:
            made = Path(scratch, name)
            shutil.copytree(PROJECTS[name], made, ignore=shutil.ignore_patterns("tests", "target", "*.duckdb"))
            subprocess.run(["pipeproof", "init", "--directory", str(made)], check=True, capture_output=True)
            if not run_tests(made):
                raise SystemExit(f"{name}: the tests do not pass before anything is broken")
            breaks = list(breaks_of(name, made))
            with ThreadPoolExecutor(2) as pool:
                seen = list(pool.map(lambda found, made=made: notices(found, made, Path(scratch)), breaks))
            for found, noticed in zip(breaks, seen, strict=True):
                if not noticed:
                    print(f"  not noticed: {name}/{found.file}: {found.what}")
            print(f"{name}: {sum(seen)} of {len(seen)} noticed")
            caught, total = caught + sum(seen), total + len(seen)
    print(f"together: {caught} of {total}, {100 * caught / total:.0f} %")


if __name__ == "__main__":
    main(sys.argv[1:])
