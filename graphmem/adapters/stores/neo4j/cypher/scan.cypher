// A page of nodes by their numbers, as one list of rows: {columns} are theirs, in the order of
// ports.store.SCANNABLE, as far as the page itself can tell them; {page} chooses the numbers.
// name: state
MATCH (s:_Namespace {key: $key}), (m:_Memory {key: 'memory'})
RETURN s.space, s.version, coalesce(s.removed_in, 0), coalesce(m.generation, 0), s.episodes, s.passages, s.entities, s.facts
// name: hold
MATCH (s:_Namespace {key: $key})
SET s.lock = $token
// name: episodes
MATCH (n:Episode)
WHERE n.space = $space AND {page}
WITH n ORDER BY n.nid
RETURN collect([{columns}])
// name: passages
MATCH (n:Passage)
WHERE n.space = $space AND {page}
WITH n ORDER BY n.nid
RETURN collect([{columns}])
// name: entities
MATCH (n:Entity)
WHERE n.space = $space AND {page}
WITH n ORDER BY n.nid
RETURN collect([{columns}])
// name: facts
MATCH (n:Fact)
WHERE n.space = $space AND {page}
WITH n ORDER BY n.nid
RETURN collect([{columns}])
// name: mentions
MATCH (n:Passage)-[r:MENTIONS]->(e:Entity)
WHERE n.space = $space AND {page}
RETURN collect([n.nid, e.nid, {columns}])
// name: roles
MATCH (n:Fact)-[r:ROLE]->(e:Entity)
WHERE n.space = $space AND {page}
RETURN collect([n.nid, e.nid, {columns}, r.position])
// name: evidence
MATCH (n:Fact)-[r:EVIDENCE]->(e:Passage)
WHERE n.space = $space AND {page}
RETURN collect([n.nid, e.nid, {columns}])
// name: discourse
MATCH (n:Fact)-[r:DISCOURSE]->(e:Fact)
WHERE n.space = $space AND {page}
RETURN collect([n.nid, e.nid, {columns}])
// name: supersessions
MATCH (n:Fact)-[r:SUPERSEDES]->(e:Fact)
WHERE n.space = $space AND {page}
RETURN collect([n.nid, e.nid, {columns}])
// name: same_as
MATCH (n:Entity)-[r:SAME_AS]->(e:Entity)
WHERE n.space = $space AND {page}
RETURN collect([n.nid, e.nid, {columns}])
// name: vectors
MATCH (n:Passage)
WHERE n.space = $space AND {page} AND n.{embedding} IS NOT NULL
WITH n ORDER BY n.nid
RETURN collect([n.nid, n.{embedding}])
// name: changed_episodes
MATCH (n:Episode)
WHERE n.space = $space AND n.changed_in > $since
RETURN collect(n.nid)
// name: changed_passages
MATCH (n:Passage)
WHERE n.space = $space AND n.changed_in > $since
RETURN collect(n.nid)
// name: changed_entities
MATCH (n:Entity)
WHERE n.space = $space AND n.changed_in > $since
RETURN collect(n.nid)
// name: changed_facts
MATCH (n:Fact)
WHERE n.space = $space AND n.changed_in > $since
RETURN collect(n.nid)
// name: their_episodes
MATCH (n:Passage)
WHERE n.space = $space AND n.nid IN $nids
RETURN collect(DISTINCT n.episode_nid)
