"""Fixtures for Prefect."""
