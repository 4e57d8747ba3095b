// name: changes
// doc: What changed since a moment: facts learned, superseded by others, or no longer believed.
// param: since time - the moment, such as 2024-05-01
// param: as_of when = null - only changes of what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - only changes that were known at this time, or in this range
// param: limit integer = 100 - how many changes at most, the latest first
// returns: change, changed_at, fact, id, replaced_by
CALL () {
  MATCH (f:Fact {namespace: $namespace})
  WHERE f.recorded_at >= $since AND ($known_at IS NULL OR f.recorded_at < $known_at_until)
    AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
      AND (f.valid_to IS NULL OR $as_of < f.valid_to)))
  RETURN 'learned' AS change, f.recorded_at AS changed_at, f.text AS fact, f.id AS id, null AS replaced_by
  UNION ALL
  MATCH (newer:Fact {namespace: $namespace})-[s:SUPERSEDES]->(f:Fact)
  WHERE NOT s.reason STARTS WITH 'NOOP' AND NOT s.reason STARTS WITH 'UPDATE'
    AND NOT s.reason STARTS WITH 'UNDONE' AND newer.recorded_at >= $since AND ($known_at IS NULL OR newer.recorded_at < $known_at_until)
    AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
      AND (f.valid_to IS NULL OR $as_of < f.valid_to)))
  RETURN 'superseded' AS change, newer.recorded_at AS changed_at, f.text AS fact, f.id AS id,
    newer.text AS replaced_by
  UNION ALL
  MATCH (f:Fact {namespace: $namespace})
  WHERE f.retired_at >= $since AND ($known_at IS NULL OR f.retired_at < $known_at_until)
    AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
      AND (f.valid_to IS NULL OR $as_of < f.valid_to)))
  RETURN 'retired' AS change, f.retired_at AS changed_at, f.text AS fact, f.id AS id, null AS replaced_by
}
RETURN change, changed_at, fact, id, replaced_by
ORDER BY changed_at DESC, change, fact
LIMIT $limit
