"""Prefect under test: a real server in a tenth of a second, and flow runs whose ends are values and exceptions."""
