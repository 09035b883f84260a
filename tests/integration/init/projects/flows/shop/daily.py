from prefect import flow, task

from shop.files import fetch_orders, publish


@task
def keep_paid(orders):
    return [order for order in orders if order["amount"] > 10]


@task
def total_by_customer(orders):
    totals = {}
    for order in orders:
        totals[order["customer"]] = totals.get(order["customer"], 0) + order["amount"]
    return totals


@flow
def daily_totals(day: str):
    orders = keep_paid(fetch_orders(day))
    totals = total_by_customer(orders)
    publish(day, totals)
    return len(orders)
