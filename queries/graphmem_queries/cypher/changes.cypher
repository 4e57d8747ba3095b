// name: changes
// doc: What changed since a moment: facts learned, superseded by others, or no longer believed.
// param: since time - the moment, such as 2024-05-01
// param: limit integer = 100 - how many changes at most, the latest first
// returns: change, changed_at, fact, id, replaced_by
CALL () {
  MATCH (f:Fact {namespace: $namespace})
  WHERE f.recorded_at >= $since
  RETURN 'learned' AS change, f.recorded_at AS changed_at, f.text AS fact, f.id AS id, null AS replaced_by
  UNION ALL
  MATCH (newer:Fact {namespace: $namespace})-[:SUPERSEDES]->(f:Fact)
  WHERE newer.recorded_at >= $since
  RETURN 'superseded' AS change, newer.recorded_at AS changed_at, f.text AS fact, f.id AS id,
    newer.text AS replaced_by
  UNION ALL
  MATCH (f:Fact {namespace: $namespace})
  WHERE f.retired_at >= $since
  RETURN 'retired' AS change, f.retired_at AS changed_at, f.text AS fact, f.id AS id, null AS replaced_by
}
RETURN change, changed_at, fact, id, replaced_by
ORDER BY changed_at DESC, change, fact
LIMIT $limit
