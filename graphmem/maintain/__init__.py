"""Looking after a memory: moving it between stores and to other tools."""
