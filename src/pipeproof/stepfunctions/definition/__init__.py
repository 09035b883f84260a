"""A definition as it is written: read, located line by line, loaded and validated."""
