"""The daily pipeline of a small tea shop."""
