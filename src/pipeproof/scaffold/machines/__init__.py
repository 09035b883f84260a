"""First tests of a state machine: one for each path that an execution can take."""
