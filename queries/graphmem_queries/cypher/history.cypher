// name: history
// doc: A fact's revisions: what it took the place of, and what took its place, and why.
// param: fact string - its id, or a part of its text; case does not matter
// param: limit integer = 25 - how many at most
// returns: newer, older, reason, valid_from (of the newer), recorded_at, older_valid_to
MATCH (f:Fact {namespace: $namespace})
WHERE f.id = $fact OR toLower(f.text) CONTAINS toLower($fact)
MATCH (f)-[:SUPERSEDES*0..5]-(newer:Fact)
WITH DISTINCT newer
MATCH (newer)-[s:SUPERSEDES]->(older:Fact)
RETURN DISTINCT newer.text AS newer, older.text AS older, s.reason AS reason,
  newer.valid_from AS valid_from, newer.recorded_at AS recorded_at,
  older.valid_to AS older_valid_to
ORDER BY recorded_at, newer, older
LIMIT $limit
