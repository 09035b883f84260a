"""dbt run by its command line, where it has no Python entry."""
