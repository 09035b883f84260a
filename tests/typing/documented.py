"""The suite that docs/reference/types.md shows: its text is held to the page's by tests/plugin/test_code_blocks.py."""

from prefect import flow

from pipeproof import Dbt, DbtResult, FlowResult, RunFlow


@flow
def daily_orders() -> None:
    """Do nothing."""


def test_daily(run_flow: RunFlow, dbt: Dbt) -> None:
    flow: FlowResult = run_flow(daily_orders)
    built: DbtResult = dbt.build("orders")
