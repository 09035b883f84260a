"""The Glue catalogue's tables and the objects behind them: read into DuckDB, and written from it."""
