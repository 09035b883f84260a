"""The work of each type of state."""
