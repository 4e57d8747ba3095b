// Each returns the ids of what breaks a promise of the model.
// name: facts without evidence
MATCH (f:Fact)
WHERE NOT EXISTS { (f)-[:EVIDENCE]->(:Passage) }
RETURN f.id
// name: facts without members
MATCH (f:Fact)
WHERE NOT EXISTS { (f)-[:ROLE]->(:Entity) }
RETURN f.id
// name: facts left living
MATCH (f:Fact)
WHERE f.retired_at IS NULL AND EXISTS { (f)-[:EVIDENCE]->(:Passage) } AND NOT EXISTS {
  MATCH (f)-[:EVIDENCE]->(p:Passage)<-[:HAS]-(o:Episode)
  WHERE o.retired_at IS NULL AND p.forgotten_at IS NULL
}
RETURN f.id
// name: passages without a vector
MATCH (p:Passage)
WHERE p.{embedding} IS NULL AND EXISTS { MATCH (q:Passage) WHERE q.{embedding} IS NOT NULL }
RETURN p.id
// name: passages without an episode
MATCH (p:Passage)
WHERE NOT EXISTS { (:Episode {id: p.episode_id, nid: p.episode_nid})-[:HAS]->(p) }
RETURN p.id
// name: nodes of no namespace
MATCH (n:Episode|Passage|Entity|Fact)
WHERE NOT EXISTS { MATCH (s:_Namespace {space: n.space}) WHERE s.name = n.namespace }
RETURN n.id
// name: namespaces that cross
MATCH (a:Episode|Passage|Entity|Fact)-->(b)
WHERE a.space <> b.space
RETURN DISTINCT a.id
// name: mentions outside their passage
MATCH (p:Passage)-[m:MENTIONS]->()
WITH p, max(m.end) AS last
WHERE last > p.end - p.start
RETURN p.id, p.text, last
// name: evidence outside its passage
MATCH (p:Passage)<-[m:EVIDENCE]-()
WITH p, max(m.end) AS last
WHERE last > p.end - p.start
RETURN p.id, p.text, last
// name: constraints
SHOW CONSTRAINTS YIELD name WHERE name STARTS WITH 'graphmem_' RETURN name
// name: indexes
SHOW INDEXES YIELD name, state WHERE name STARTS WITH 'graphmem_' RETURN name, state
