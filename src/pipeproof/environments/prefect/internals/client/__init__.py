"""What is replaced on the client's side of Prefect."""
