"""Graphs of other libraries, made from a memory's nodes and edges."""
