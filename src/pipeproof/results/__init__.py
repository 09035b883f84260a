"""Results: the events of a run become outcomes, totals and the machine-readable reports."""
