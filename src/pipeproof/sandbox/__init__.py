"""The sandbox: where and as whom the user's code runs, and what it gets to see."""
