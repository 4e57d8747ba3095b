// name: why
// doc: What led to a fact, and what it led to: chains of causes, conditions and purposes.
// param: fact string - its id, or a part of its text; case does not matter
// param: as_of when = null - only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - only what was believed at this time or in this range
// param: limit integer = 25 - how many at most
// returns: fact, direction (because of or leads to), other, senses, connectives, steps, id
CALL () {
  MATCH (f:Fact {namespace: $namespace})
  WHERE f.id = $fact OR toLower(f.text) CONTAINS toLower($fact)
  MATCH p = (other:Fact {namespace: $namespace})-[links:DISCOURSE*1..3]->(f)
  WHERE all(link IN links WHERE link.sense IN ['cause', 'condition', 'purpose'])
    AND all(n IN nodes(p) WHERE ($known_at IS NULL OR (n.recorded_at < $known_at_until AND (n.retired_at IS NULL
        OR ($known_at < n.retired_at AND n.recorded_at < n.retired_at))))
      AND ($as_of IS NULL OR ((n.valid_from IS NULL OR n.valid_from < $as_of_until)
        AND (n.valid_to IS NULL OR $as_of < n.valid_to))))
  RETURN f, 'because of' AS direction, other, links
  UNION ALL
  MATCH (f:Fact {namespace: $namespace})
  WHERE f.id = $fact OR toLower(f.text) CONTAINS toLower($fact)
  MATCH p = (f)-[links:DISCOURSE*1..3]->(other:Fact)
  WHERE all(link IN links WHERE link.sense IN ['cause', 'condition', 'purpose'])
    AND all(n IN nodes(p) WHERE ($known_at IS NULL OR (n.recorded_at < $known_at_until AND (n.retired_at IS NULL
        OR ($known_at < n.retired_at AND n.recorded_at < n.retired_at))))
      AND ($as_of IS NULL OR ((n.valid_from IS NULL OR n.valid_from < $as_of_until)
        AND (n.valid_to IS NULL OR $as_of < n.valid_to))))
  RETURN f, 'leads to' AS direction, other, links
}
RETURN f.text AS fact, direction, other.text AS other, [link IN links | link.sense] AS senses,
  [link IN links | link.connective] AS connectives, size(links) AS steps, other.id AS id
ORDER BY fact, direction, steps, other
LIMIT $limit
