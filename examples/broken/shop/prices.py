"""Prices: the failure is here, two calls below the test."""

import json


def net(gross: float, rate: float) -> float:
    return _divide(gross, 1 + rate)


def _divide(amount: float, by: float) -> float:
    if by == 0:
        raise ValueError("a rate of -100 % leaves nothing")  # <- call
    return amount / by


def read(text: str) -> dict:
    return json.loads(text)  # <- call


def depth(amount: float) -> float:
    return depth(amount + 1)  # <- call


def checked(amount: float) -> float:
    try:
        return net(amount, -1)
    except ValueError as error:
        raise RuntimeError(f"{amount} cannot be checked") from error  # <- call
