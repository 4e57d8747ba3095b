"""Kernels: pure functions over arrays and text; no state, no clock, no files."""
