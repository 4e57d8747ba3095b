// Vectors to come are a property of their own, {embedding}, until the memory is switched to it.
// name: target
MATCH (m:_Memory {key: 'memory'})
RETURN m.next_embedder, m.next_dimension, m.next_generation, coalesce(m.generation, 0)
// name: aim
MATCH (m:_Memory {key: 'memory'})
SET m.stale = [g IN coalesce(m.stale, []) + m.next_generation WHERE g IS NOT NULL],
  m.next_embedder = $name, m.next_dimension = $dimension, m.next_generation = $generation
// name: done
MATCH (p:Passage)
WHERE p.{embedding} IS NOT NULL
RETURN count(p)
// name: without
MATCH (p:Passage)
WHERE p.id > $after AND p.{embedding} IS NULL
WITH p.id AS id ORDER BY id LIMIT $limit
RETURN collect(id)
// name: keep
UNWIND $rows AS row
MATCH (p:Passage {vector_key: row[0]})
SET p.{embedding} = row[1]
// name: lock_namespaces
MATCH (s:_Namespace)
SET s.lock = $token
// name: switch
MATCH (m:_Memory {key: 'memory'})
SET m.stale = coalesce(m.stale, []) + coalesce(m.generation, 0)
SET m.embedder = m.next_embedder, m.dimension = m.next_dimension, m.generation = m.next_generation
REMOVE m.next_embedder, m.next_dimension, m.next_generation
// name: raise_versions
MATCH (s:_Namespace)
WITH s, s.version + 1 AS version
SET s.version = version, s.removed_in = version
// name: stale
MATCH (m:_Memory {key: 'memory'})
RETURN coalesce(m.stale, [])
// name: drop_index
DROP INDEX {embeddings} IF EXISTS
// name: drop_vectors
MATCH (p:Passage)
WHERE p.{embedding} IS NOT NULL
CALL (p) { REMOVE p.{embedding} } IN TRANSACTIONS OF 1000 ROWS
// name: dropped
MATCH (m:_Memory {key: 'memory'})
SET m.stale = [g IN m.stale WHERE g <> $generation]
