"""First tests of a dbt project: for each model the rows that it reads, and what comes of them."""
