"""Fixtures for Step Functions."""
