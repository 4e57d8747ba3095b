"""Segmenting: what is ingested becomes an episode, tiled by passages."""
