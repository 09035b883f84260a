"""What is replaced inside of Prefect's server."""
