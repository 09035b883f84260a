"""Starting servers: the template database, the fork server, and what stands in where they fail."""
