"""Parsers of formats that are code more than text, run in a process of their own.

What they read comes from anywhere, and may make them crash, hang or swell; so nothing here imports
the engine, and the process is small, limited, and thrown away when it fails.
"""
