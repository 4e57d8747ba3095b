// Of the tree: (:Summary)-[:SUMMARISES {place}]->(:Summary|Passage), and to (:Fact), which has an
// ordinal too, with the place of the passage that it is beneath. Of the text of a summary or a
// community: -[:QUOTES {place, sentence, start, end, fact_id}]->(:Passage), and, without a place,
// -[:SUMMARISES]->(:Fact).
// name: state
MATCH (n:_Namespace {key: $key})
RETURN n.space, coalesce(n.summaries_revision, 0), coalesce(n.summaries_version, 0),
  n.summaries_embedder, coalesce(n.summaries_next_serial, 1),
  coalesce(n.summaries_communities_version, 0)
// name: summaries
MATCH (s:Summary {space: $space})
OPTIONAL MATCH (p:Summary)-[:SUMMARISES]->(s)
RETURN collect([s.id, p.id, s.place, s.depth, s.name, s.text, s.method, s.stale])
// name: communities
MATCH (s:Community {space: $space})
RETURN collect([s.id, s.level, s.resolution, s.name, s.text, s.method, s.stale])
// name: passages
MATCH (s:Summary {space: $space})-[r:SUMMARISES]->(p:Passage)
RETURN collect([s.id, r.place, p.id])
// name: facts
MATCH (s:Summary {space: $space})-[r:SUMMARISES]->(f:Fact)
WHERE r.place IS NOT NULL
RETURN collect([s.id, r.place, r.ordinal, f.id])
// name: members
MATCH (s:Community {space: $space})-[r:HAS_MEMBER]->(e:Entity)
RETURN collect([s.id, r.place, e.id])
// name: sources
MATCH (s:Summary|Community)-[r:QUOTES]->(p:Passage)
WHERE s.space = $space
OPTIONAL MATCH (f:Fact {id: r.fact_id})
RETURN collect([s.id, r.place, r.sentence, p.id, r.start, r.end, f.id])
// name: vectors
MATCH (s:Summary {space: $space})
WHERE s.embedding IS NOT NULL
RETURN collect([s.id, s.embedding])

// name: claim
MATCH (n:_Namespace {key: $key})
SET n.summaries_revision = $revision, n += $state
// name: put_summaries
UNWIND $rows AS row
MERGE (s:Summary {id: row[0]})
SET s.space = $space, s.namespace = $namespace, s.place = row[1], s.depth = row[2],
  s.name = row[3], s.text = row[4], s.method = row[5], s.stale = row[6]
// name: put_communities
UNWIND $rows AS row
MERGE (s:Community {id: row[0]})
SET s.space = $space, s.namespace = $namespace, s.level = row[1], s.resolution = row[2],
  s.name = row[3], s.text = row[4], s.method = row[5], s.stale = row[6]
// name: part
UNWIND $ids AS id
MATCH (s:Summary|Community {id: id})-[r:SUMMARISES|QUOTES|HAS_MEMBER]->(t)
WHERE NOT t:Summary
DELETE r
// name: part_from_above
UNWIND $ids AS id
MATCH (:Summary)-[r:SUMMARISES]->(:Summary {id: id})
DELETE r
// name: hang
UNWIND $rows AS row
MATCH (s:Summary {id: row[0]}), (p:Summary {id: row[1]})
CREATE (p)-[:SUMMARISES {place: row[2]}]->(s)
// name: take_passages
UNWIND $ids AS id
MATCH (:Summary)-[r:SUMMARISES]->(:Passage {id: id})
DELETE r
// name: hold_passages
UNWIND $rows AS row
MATCH (s:Summary {id: row[0]}), (p:Passage {id: row[2]})
CREATE (s)-[:SUMMARISES {place: row[1]}]->(p)
// name: take_facts
UNWIND $ids AS id
MATCH (:Summary)-[r:SUMMARISES]->(:Fact {id: id})
WHERE r.place IS NOT NULL
DELETE r
// name: hold_facts
UNWIND $rows AS row
MATCH (s:Summary {id: row[0]}), (f:Fact {id: row[3]})
CREATE (s)-[:SUMMARISES {place: row[1], ordinal: row[2]}]->(f)
// name: hold_members
UNWIND $rows AS row
MATCH (s:Community {id: row[0]}), (e:Entity {id: row[2]})
CREATE (s)-[:HAS_MEMBER {place: row[1]}]->(e)
// name: quote
UNWIND $rows AS row
MATCH (s:Summary|Community {id: row[0]}), (p:Passage {id: row[3]})
CREATE (s)-[:QUOTES {place: row[1], sentence: row[2], start: row[4], end: row[5],
  fact_id: row[6]}]->(p)
// name: state_facts
UNWIND $rows AS row
MATCH (s:Summary|Community {id: row[0]}), (f:Fact {id: row[6]})
MERGE (s)-[:SUMMARISES]->(f)
// name: blank
UNWIND $ids AS id
MATCH (s:Summary|Community {id: id})
SET s.name = '', s.text = '', s.method = '', s.stale = true
REMOVE s.embedding
// name: set_vectors
UNWIND $rows AS row
MATCH (s:Summary {id: row[0]})
SET s.embedding = row[1]
// name: remove
UNWIND $ids AS id
MATCH (s:Summary|Community {id: id})
DETACH DELETE s

// All nodes above a passage forget their text and vector: either may tell of what is gone.
// name: forget_passages
UNWIND $nids AS nid
MATCH (:Passage {space: $space, nid: nid})<-[:SUMMARISES|QUOTES]-(s)
WITH DISTINCT s
MATCH (a:Summary|Community)-[:SUMMARISES*0..]->(s)
WITH DISTINCT a
SET a.name = '', a.text = '', a.method = '', a.stale = true
REMOVE a.embedding
WITH a
OPTIONAL MATCH (a)-[q:QUOTES]->()
DELETE q
WITH DISTINCT a
OPTIONAL MATCH (a)-[f:SUMMARISES]->(:Fact)
WHERE f.place IS NULL
DELETE f
RETURN count(*)
// name: forget_stated
UNWIND $nids AS nid
MATCH (:Passage {space: $space, nid: nid})<-[:EVIDENCE]-(:Fact)<-[r:SUMMARISES]-(:Summary)
WHERE r.place IS NOT NULL
WITH DISTINCT r
DELETE r
// name: forget_members
UNWIND $nids AS nid
MATCH (:Entity {space: $space, nid: nid})<-[:HAS_MEMBER]-(c:Community)
WITH DISTINCT c
SET c.name = '', c.text = '', c.method = '', c.stale = true
WITH c
OPTIONAL MATCH (c)-[q:QUOTES]->()
DELETE q
WITH DISTINCT c
OPTIONAL MATCH (c)-[f:SUMMARISES]->(:Fact)
DELETE f
RETURN count(*)
