"""Whether what was built is what was expected, by value, and how it differs."""
