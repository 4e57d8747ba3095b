// name: central
// doc: The most central entities: those that facts connect to the most others.
// param: type string = null - only entities of this type, such as person or place
// param: as_of when = null - only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - what was believed at this time or in this range, instead of now
// param: limit integer = 20 - how many at most
// returns: entity, type, neighbours, facts, mentions, id
MATCH (e:Entity {namespace: $namespace})<-[:ROLE]-(f:Fact)
WHERE (($known_at IS NULL AND f.retired_at IS NULL) OR (f.recorded_at < $known_at_until
    AND (f.retired_at IS NULL OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at))))
  AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
    AND (f.valid_to IS NULL OR $as_of < f.valid_to))) AND ($type IS NULL OR e.type = $type)
OPTIONAL MATCH (f)-[:ROLE]->(other:Entity)
WHERE other.id <> e.id
WITH e, count(DISTINCT f) AS facts, count(DISTINCT other) AS neighbours
RETURN e.name AS entity, e.type AS type, neighbours, facts,
  COUNT { (e)<-[:MENTIONS]-(:Passage) } AS mentions, e.id AS id
ORDER BY neighbours DESC, facts DESC, entity
LIMIT $limit
