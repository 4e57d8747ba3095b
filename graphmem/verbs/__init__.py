"""The methods of `Memory` by what they are for: writing, reading, moving, looking after."""
