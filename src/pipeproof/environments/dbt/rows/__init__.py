"""Rows as tests give them and databases hold them: values, types, literals."""
