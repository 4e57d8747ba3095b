"""Ports: what graphmem asks of a store, an embedder, an extractor and a clock."""
