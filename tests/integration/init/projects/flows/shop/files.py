import httpx
from prefect import task


@task(retries=3, retry_delay_seconds=60)
def fetch_orders(day: str) -> list[dict]:
    answer = httpx.get(f"https://shop.example/orders/{day}")
    answer.raise_for_status()
    return answer.json()


@task
def publish(day: str, totals: dict[str, int]) -> None:
    httpx.post("https://shop.example/totals", json={"day": day, "totals": totals})
