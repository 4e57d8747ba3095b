// name: lock
MERGE (n:_Namespace {key: $key})
ON CREATE SET n.name = $name, n.version = 0, n.episodes = 0, n.passages = 0, n.entities = 0,
  n.facts = 0
SET n.lock = $token
// name: state
MATCH (n:_Namespace {key: $key}), (m:_Memory {key: 'memory'})
RETURN n.space, n.version, n.token, n.outcome, n.counts, coalesce(m.generation, 0),
  n.episodes, n.passages, n.entities, n.facts
// name: new_space
MATCH (m:_Memory {key: 'memory'})
SET m.spaces = m.spaces + 1
WITH m
MATCH (n:_Namespace {key: $key})
SET n.space = m.spaces
RETURN n.space, coalesce(m.generation, 0)
// name: finish
MATCH (n:_Namespace {key: $key})
SET n.version = $version, n.token = $token, n.outcome = $outcome, n.counts = $counts, n += $numbered,
  n.removed_in = CASE WHEN $removed THEN $version ELSE coalesce(n.removed_in, 0) END
// name: touch
UNWIND $spaces AS space
MATCH (n:_Namespace {space: space})
SET n.version = n.version + 1
RETURN n.space, n.version
// name: checkpoint
MERGE (j:_Job {key: $key})
SET j.job = $job, j.position = $position

// name: held
RETURN
  COLLECT { UNWIND $episodes AS id MATCH (n:Episode {id: id})
    RETURN [n.id, n.nid, n.space, n.depth, n.retired_at] },
  COLLECT { UNWIND $passages AS id MATCH (n:Passage {id: id}) RETURN [n.id, n.nid, n.space] },
  COLLECT { UNWIND $entities AS id MATCH (n:Entity {id: id})
    RETURN [n.id, n.nid, n.space, n.type, n.aliases] },
  COLLECT { UNWIND $facts AS id MATCH (n:Fact {id: id}) RETURN [n.id, n.nid, n.space, n.retired_at] }
// name: held_episodes
UNWIND $ids AS id
MATCH (n:Episode {id: id})
RETURN collect([n.id, n.nid, n.space, n.depth, n.retired_at])
// name: held_passages
UNWIND $ids AS id
MATCH (n:Passage {id: id})
RETURN collect([n.id, n.nid, n.space])
// name: held_entities
UNWIND $ids AS id
MATCH (n:Entity {id: id})
RETURN collect([n.id, n.nid, n.space, n.type, n.aliases])
// name: held_facts
UNWIND $ids AS id
MATCH (n:Fact {id: id})
RETURN collect([n.id, n.nid, n.space, n.retired_at])
// name: held_mentions
UNWIND $ids AS id
MATCH (p:Passage {id: id})-[m:MENTIONS]->(e:Entity)
RETURN collect([p.id, e.id, m.surface, m.start, m.end])
// name: held_evidence
UNWIND $ids AS id
MATCH (p:Passage {id: id})<-[s:EVIDENCE]-(f:Fact)
RETURN collect([p.id, f.id, s.start, s.end])
// name: held_discourse
UNWIND $ids AS id
MATCH (a:Fact {id: id})-[d:DISCOURSE]->(b:Fact)
RETURN collect([a.id, b.id, d.sense, d.connective, d.passage_id, d.start, d.end])
// name: held_supersessions
UNWIND $ids AS id
MATCH (a:Fact {id: id})-[s:SUPERSEDES]->(b:Fact)
RETURN collect([a.id, b.id])
// name: held_same_as
UNWIND $ids AS id
MATCH (a:Entity {id: id})-[s:SAME_AS]->(b:Entity)
RETURN collect([a.id, b.id, s.by])

// name: set_depth
UNWIND $ids AS id
MATCH (n:Episode {id: id})
SET n.depth = $depth, n.changed_in = $version
// name: revive_episodes
UNWIND $ids AS id
MATCH (n:Episode {id: id})
SET n.retired_at = null, n.changed_in = $version
// name: revive_facts
UNWIND $ids AS id
MATCH (n:Fact {id: id})
SET n.retired_at = null, n.changed_in = $version
// name: retire_facts
UNWIND $rows AS row
MATCH (n:Fact {id: row[0]})
WHERE n.retired_at IS NULL
SET n.retired_at = row[1], n.changed_in = $version
// name: reinforce_facts
UNWIND $ids AS id
MATCH (n:Fact {id: id})
SET n.strength = n.strength + 1, n.changed_in = $version
// name: merge_entities
UNWIND $rows AS row
MATCH (n:Entity {id: row[0]})
SET n.type = row[1], n.aliases = row[2], n.changed_in = $version
// A passage is shown with columns of its episode.
// name: mark_passages_of
UNWIND $ids AS id
MATCH (:Episode {id: id})-[:HAS]->(n:Passage)
SET n.changed_in = $version
// name: mark_passages
UNWIND $ids AS id
MATCH (n:Passage {id: id})
SET n.changed_in = $version
// name: mark_entities
UNWIND $ids AS id
MATCH (n:Entity {id: id})
SET n.changed_in = $version
// name: mark_facts
UNWIND $ids AS id
MATCH (n:Fact {id: id})
SET n.changed_in = $version

// name: create_episodes
UNWIND $rows AS row
CREATE (:Episode {properties})
// name: create_passages
UNWIND $rows AS row
MATCH (e:Episode {id: row[0]})
CREATE (e)-[:HAS]->(:Passage {properties})
// name: create_entities
UNWIND $rows AS row
CREATE (:Entity {properties})
// name: create_facts
UNWIND $rows AS row
CREATE (f:Fact {properties})
WITH f, row[0] AS roles
UNWIND roles AS role
MATCH (e:Entity {id: role[0]})
CREATE (f)-[:ROLE {position: role[1], role: role[2], text: role[3], ordinal: role[4],
  start: role[5], end: role[6]}]->(e)
// name: create_mentions
UNWIND $rows AS row
MATCH (p:Passage {id: row[0]})
UNWIND row[1] AS mention
MATCH (e:Entity {id: mention[0]})
CREATE (p)-[:MENTIONS {surface: mention[1], start: mention[2], end: mention[3],
  about: mention[4]}]->(e)
// name: create_evidence
UNWIND $rows AS row
MATCH (p:Passage {id: row[0]})
UNWIND row[1] AS place
MATCH (f:Fact {id: place[0]})
CREATE (f)-[:EVIDENCE {start: place[1], end: place[2]}]->(p)
// name: create_discourse
UNWIND $rows AS row
MATCH (a:Fact {id: row[0]}), (b:Fact {id: row[1]})
CREATE (a)-[:DISCOURSE {sense: row[2], connective: row[3], passage_id: row[4], start: row[5],
  end: row[6]}]->(b)
// name: create_supersessions
UNWIND $rows AS row
MATCH (a:Fact {id: row[0]}), (b:Fact {id: row[1]})
CREATE (a)-[:SUPERSEDES {reason: row[2]}]->(b)
// name: create_same_as
UNWIND $rows AS row
MATCH (a:Entity {id: row[0]}), (b:Entity {id: row[1]})
CREATE (a)-[:SAME_AS {by: row[2], score: row[3]}]->(b)

// name: unlink_order
UNWIND $ids AS id
MATCH (:Episode {id: id})-[:HAS]->(:Passage)-[n:NEXT]->()
DELETE n
// name: link_order
UNWIND $ids AS id
MATCH (e:Episode {id: id})-[:HAS]->(p:Passage)
WITH e, p ORDER BY p.ordinal, p.nid
WITH e, collect(p) AS ps
UNWIND range(0, size(ps) - 2) AS at
WITH ps[at] AS a, ps[at + 1] AS b
CREATE (a)-[:NEXT]->(b)

// name: retire_episode
MATCH (e:Episode {id: $id})
WHERE e.retired_at IS NULL
SET e.retired_at = $moment, e.changed_in = $version
RETURN count(e)
// name: retire_unsupported
MATCH (:Episode {id: $id})-[:HAS]->(:Passage)<-[:EVIDENCE]-(f:Fact)
WHERE f.retired_at IS NULL
WITH DISTINCT f
WHERE NOT EXISTS {
  MATCH (f)-[:EVIDENCE]->(p:Passage)<-[:HAS]-(o:Episode)
  WHERE o.retired_at IS NULL AND p.forgotten_at IS NULL
}
SET f.retired_at = $moment, f.changed_in = $version

// name: vector_holders
UNWIND $keys AS key
MATCH (p:Passage {vector_key: key})
RETURN collect([key, p.space, p.{embedding} IS NOT NULL])
// name: known_vectors
UNWIND $keys AS key
MATCH (p:Passage {vector_key: key})
WHERE p.{embedding} IS NOT NULL
RETURN collect(DISTINCT key)
// name: vectors_of
UNWIND $keys AS key
MATCH (p:Passage {vector_key: key})
WHERE p.{embedding} IS NOT NULL
WITH key, collect(p)[0] AS p
RETURN collect([key, p.{embedding}])
// name: fill_vectors
UNWIND $rows AS row
MATCH (p:Passage {vector_key: row[0]})
WHERE p.{embedding} IS NULL
SET p.{embedding} = row[1], p.changed_in = $versions[toString(p.space)]
