"""Who a run is: the ID token that its CI gives it, one module a CI, and whether its code may have credentials."""
