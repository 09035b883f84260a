"""Reading: reports that other tools wrote (JUnit XML, CTRF), test by test, as results; nothing in them is trusted."""
