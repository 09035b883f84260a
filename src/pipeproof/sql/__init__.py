"""A warehouse's SQL on DuckDB: read, checked node by node, rewritten where DuckDB means something else, run."""
