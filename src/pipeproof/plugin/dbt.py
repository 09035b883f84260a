"""Fixtures for dbt."""
