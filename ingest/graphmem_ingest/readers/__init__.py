"""Readers: a file becomes a stream of items, in bounded memory; what is wrong is named."""
