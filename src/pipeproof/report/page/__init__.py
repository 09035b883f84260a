"""The report as one page of HTML that needs no network: `document` renders it of the parts in the other modules."""
