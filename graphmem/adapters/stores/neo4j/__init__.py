"""The production store: a Neo4j database that holds the memories of many namespaces."""

from graphmem.adapters.stores.neo4j.store import Neo4jStore

__all__ = ["Neo4jStore"]
