"""One test's dbt: its commands, its evidence, and its failures."""
