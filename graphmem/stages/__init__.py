"""What the verbs of a memory run: stages put together, over the parts of an opened memory."""
