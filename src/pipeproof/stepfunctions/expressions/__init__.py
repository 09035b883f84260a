"""The two languages inside of a definition: JSONPath with its intrinsic functions, and JSONata."""
