"""A module that cannot be imported: what it needs is not installed."""

import a_library_that_nobody_has  # <- collection

TARIFF = a_library_that_nobody_has.TARIFF
