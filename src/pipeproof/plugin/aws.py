"""Fixtures for AWS."""
