// name: timeline
// doc: An entity's facts in the order in which they held, or were said where that is not known.
// param: entity string - its name, an alias, or its id; case does not matter
// param: limit integer = 100 - how many facts at most
// returns: valid_from, valid_to, said_at, fact, id
MATCH (named:Entity {namespace: $namespace})
WHERE named.id = $entity OR toLower(named.name) = toLower($entity)
  OR any(alias IN named.aliases WHERE toLower(alias) = toLower($entity))
MATCH (named)-[:SAME_AS*0..4]-(e:Entity)
WITH DISTINCT named, e
MATCH (e)<-[:ROLE]-(f:Fact)
WHERE f.retired_at IS NULL
WITH DISTINCT f
OPTIONAL MATCH (f)-[:EVIDENCE]->(p:Passage)
WITH f, min(p.occurred_at) AS said_at
WHERE f.valid_from IS NOT NULL OR f.valid_to IS NOT NULL OR said_at IS NOT NULL
RETURN f.valid_from AS valid_from, f.valid_to AS valid_to, said_at, f.text AS fact, f.id AS id
ORDER BY coalesce(valid_from, said_at, valid_to), fact
LIMIT $limit
