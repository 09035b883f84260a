"""dbt's own Python parts, and what is replaced in them."""
