// name: history
// doc: A fact's revisions: what it took the place of, and what took its place, and why.
// param: fact string - its id, or a part of its text; case does not matter
// param: as_of when = null - only revisions of what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - only revisions of what was believed at this time or in this range
// param: limit integer = 25 - how many at most
// returns: newer, older, reason, valid_from (of the newer), recorded_at, older_valid_to
MATCH (f:Fact {namespace: $namespace})
WHERE f.id = $fact OR toLower(f.text) CONTAINS toLower($fact)
MATCH (f)-[:SUPERSEDES*0..5]-(newer:Fact)
WITH DISTINCT newer
MATCH (newer)-[s:SUPERSEDES]->(older:Fact)
WHERE any(f IN [newer, older] WHERE ($known_at IS NULL OR (f.recorded_at < $known_at_until AND (f.retired_at IS NULL
    OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at))))
  AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
    AND (f.valid_to IS NULL OR $as_of < f.valid_to))))
RETURN DISTINCT newer.text AS newer, older.text AS older, s.reason AS reason,
  newer.valid_from AS valid_from, newer.recorded_at AS recorded_at,
  older.valid_to AS older_valid_to
ORDER BY recorded_at, newer, older
LIMIT $limit
