"""Graph analytics by igraph, in this process, or by Graph Data Science where a Neo4j has it."""
