"""Flow runs: started, watched, and told as values and exceptions."""
