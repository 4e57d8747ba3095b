// name: memory
MATCH (m:_Memory {key: 'memory'})
RETURN m.memory_id, m.created_at, m.schema_version, m.embedder, m.dimension,
  coalesce(m.generation, 0)
// name: make_memory
MERGE (m:_Memory {key: 'memory'})
ON CREATE SET m.memory_id = $memory_id, m.created_at = $created_at, m.schema_version = 0,
  m.spaces = 0
// name: lock_memory
MATCH (m:_Memory {key: 'memory'})
SET m.lock = $token
// name: set_schema_version
MATCH (m:_Memory {key: 'memory'})
SET m.schema_version = $version
// name: set_embedder
MATCH (m:_Memory {key: 'memory'})
SET m.embedder = $name, m.dimension = $dimension
// name: vector_length
MATCH (p:Passage)
WHERE p.{embedding} IS NOT NULL
RETURN size(p.{embedding})
LIMIT 1
// name: vector_index
SHOW VECTOR INDEXES YIELD name, options
WHERE name = '{embeddings}'
RETURN options.indexConfig['vector.dimensions']
// name: make_vector_index
CREATE VECTOR INDEX {embeddings} IF NOT EXISTS FOR (p:Passage) ON (p.{embedding})
OPTIONS {indexConfig: {`vector.dimensions`: $dimension, `vector.similarity_function`: 'cosine'}}
// name: await_indexes
CALL db.awaitIndexes($seconds)
