"""Personalised PageRank by other libraries, as they come, for measuring ours beside them."""
