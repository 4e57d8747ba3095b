// A composite index is only used when all of its properties are compared, hence `nid > 0`.
// name: episodes
UNWIND $ids AS id
MATCH (n:Episode {id: id})
RETURN collect([n.id, n.namespace, {fields}])
// name: episodes_of
MATCH (s:_Namespace {key: $key})
MATCH (n:Episode {space: s.space, source_key: $source_key})
WITH n ORDER BY n.recorded_at, n.nid
RETURN collect([n.id, n.namespace, {fields}])
// name: sources
MATCH (s:_Namespace {key: $key})
MATCH (n:Episode)
WHERE n.space = s.space AND n.nid > 0 AND n.retired_at IS NULL
WITH n.source AS source, sum(COUNT {
  MATCH (n)-[:HAS]->(p:Passage) WHERE p.forgotten_at IS NULL
}) AS passages
RETURN collect([source, passages])
// name: passages_of
UNWIND $ids AS id
MATCH (:Episode {id: id})-[:HAS]->(p:Passage)
RETURN collect([id, p.ordinal, p.nid, p.id])
// name: passages
UNWIND $ids AS id
MATCH (n:Passage {id: id})
RETURN collect([n.id, {fields}])
// name: entities
UNWIND $ids AS id
MATCH (n:Entity {id: id})
RETURN collect([n.id, {fields}])
// name: facts
UNWIND $ids AS id
MATCH (n:Fact {id: id})
RETURN collect([n.id, {fields},
  COLLECT { MATCH (n)-[r:ROLE]->(e:Entity)
    RETURN [r.position, e.id, r.role, r.text, r.ordinal, r.start, r.end] }])
// name: facts_alone
UNWIND $ids AS id
MATCH (n:Fact {id: id})
RETURN collect([n.id, {fields}, []])
// name: evidence_in
UNWIND $ids AS id
MATCH (f:Fact)-[s:EVIDENCE]->(:Passage {id: id})
RETURN collect([f.id, id, s.start, s.end])
// name: evidence_of
UNWIND $ids AS id
MATCH (:Fact {id: id})-[s:EVIDENCE]->(p:Passage)
RETURN collect([id, p.id, s.start, s.end])
// name: passages_naming
UNWIND $ids AS id
MATCH (e:Entity {id: id})
RETURN collect([id, COLLECT {
  MATCH (p:Passage)-[:MENTIONS]->(e)
  WITH DISTINCT p ORDER BY p.nid LIMIT $limit
  RETURN p.id }])
// name: facts_with
UNWIND $ids AS id
MATCH (e:Entity {id: id})
RETURN collect([id, COLLECT {
  MATCH (f:Fact)-[:ROLE]->(e)
  WHERE $predicates IS NULL OR f.predicate IN $predicates
  WITH DISTINCT f ORDER BY f.nid
  RETURN f.id }])
// name: discourse_of
UNWIND $ids AS id
MATCH (f:Fact {id: id})-[d:DISCOURSE]-(:Fact)
WITH DISTINCT d
RETURN collect([startNode(d).id, endNode(d).id, d.sense, d.connective, d.passage_id, d.start, d.end])
// name: supersessions_of
UNWIND $ids AS id
MATCH (f:Fact {id: id})-[s:SUPERSEDES]-(:Fact)
WITH DISTINCT s
RETURN collect([startNode(s).id, endNode(s).id, s.reason])
// name: vectors_of
UNWIND $ids AS key
RETURN collect([key, head(COLLECT {
  MATCH (p:Passage {vector_key: key})
  WHERE p.embedding IS NOT NULL
  RETURN p.embedding LIMIT 1 })])
// name: namespaces
MATCH (s:_Namespace)
RETURN collect([s.name, s.counts])
// name: version
MATCH (s:_Namespace {key: $key})
RETURN s.version
// name: checkpoint
MATCH (j:_Job {key: $key})
RETURN j.position
// name: clear_checkpoint
MATCH (j:_Job {key: $key})
DELETE j
// name: counts
MATCH (s:_Namespace {key: $key})
RETURN s.counts
// name: spaces
MATCH (s:_Namespace)
RETURN collect([s.name, s.space, s.counts])
// name: count_nodes
RETURN COUNT { MATCH (n:Episode) WHERE n.space = $space AND n.nid > 0 },
  COUNT { MATCH (n:Passage) WHERE n.space = $space AND n.nid > 0 },
  COUNT { MATCH (n:Entity) WHERE n.space = $space AND n.nid > 0 },
  COUNT { MATCH (n:Fact) WHERE n.space = $space AND n.nid > 0 }
// name: count_of_passages
MATCH (n:Passage)
WHERE n.space = $space AND n.nid > 0
RETURN sum(COUNT { (n)-[:MENTIONS]->() }), sum(COUNT { (n)<-[:EVIDENCE]-() })
// name: count_of_facts
MATCH (n:Fact)
WHERE n.space = $space AND n.nid > 0
RETURN sum(COUNT { (n)-[:DISCOURSE]->() }), sum(COUNT { (n)-[:SUPERSEDES]->() })
// name: count_of_entities
MATCH (n:Entity)
WHERE n.space = $space AND n.nid > 0
RETURN sum(COUNT { (n)-[:SAME_AS]->() })
