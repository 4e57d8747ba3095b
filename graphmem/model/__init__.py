"""The data model: frozen values, shared by every layer."""
