"""The watch over what reaches the database: statements read for what they would write."""
