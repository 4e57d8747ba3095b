"""Measuring: data set readers, metrics, and the run that puts a memory to them."""
