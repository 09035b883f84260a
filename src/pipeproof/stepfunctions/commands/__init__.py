"""`pipeproof states …`: the parsers, and what the commands do."""
