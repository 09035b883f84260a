"""The code under test. Some of it is wrong."""
