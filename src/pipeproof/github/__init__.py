"""GitHub: its environment, workflow commands, ID tokens and API; nothing outside this room knows them."""
