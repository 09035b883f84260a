from datetime import datetime
from random import randint
from uuid import uuid4


def lambda_handler(event, context):
    return {
        "id": str(uuid4()),
        "price": str(event["stock_price"]),
        "type": "sell",
        "qty": str(randint(1, 10)),
        "timestamp": datetime.now().isoformat(),
    }
