"""Resolving: what was read becomes entities, facts and links with durable ids."""
