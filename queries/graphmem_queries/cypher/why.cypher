// name: why
// doc: What led to a fact, and what it led to: chains of causes, conditions and purposes.
// param: fact string - its id, or a part of its text; case does not matter
// param: limit integer = 25 - how many at most
// returns: fact, direction (because of or leads to), other, senses, connectives, steps, id
CALL () {
  MATCH (f:Fact {namespace: $namespace})
  WHERE f.id = $fact OR toLower(f.text) CONTAINS toLower($fact)
  MATCH (other:Fact {namespace: $namespace})-[links:DISCOURSE*1..3]->(f)
  WHERE all(link IN links WHERE link.sense IN ['cause', 'condition', 'purpose'])
  RETURN f, 'because of' AS direction, other, links
  UNION ALL
  MATCH (f:Fact {namespace: $namespace})
  WHERE f.id = $fact OR toLower(f.text) CONTAINS toLower($fact)
  MATCH (f)-[links:DISCOURSE*1..3]->(other:Fact)
  WHERE all(link IN links WHERE link.sense IN ['cause', 'condition', 'purpose'])
  RETURN f, 'leads to' AS direction, other, links
}
RETURN f.text AS fact, direction, other.text AS other, [link IN links | link.sense] AS senses,
  [link IN links | link.connective] AS connectives, size(links) AS steps, other.id AS id
ORDER BY fact, direction, steps, other
LIMIT $limit
