"""Runs a definition on a virtual clock and writes its history down as AWS does."""
