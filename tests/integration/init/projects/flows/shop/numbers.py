from prefect import flow, task


@task
async def square(number: int) -> int:
    return number * number


@flow
async def sum_of_squares(numbers: list[int], offset: int = 1) -> int:
    return sum([await square(number) for number in numbers]) + offset
