"""What replies to a Task: mocks, functions, and the choice between them."""
