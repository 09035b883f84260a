"""What the executions of a run came to: coverage, evidence, and the graph."""
