"""Which rows are sealed as the test, and which development rows validate in which fold."""
