"""Batch ingestion: files into a memory, resumable, with every failure named.

The command is ``graphmem ingest``; from Python it is :func:`graphmem_ingest.job.ingest`.
"""
