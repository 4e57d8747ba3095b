// name: neighbourhood
// doc: The entities that share a fact with an entity, and what connects them to it.
// param: entity string - its name, an alias, or its id; case does not matter
// param: as_of when = null - only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - what was believed at this time or in this range, instead of now
// param: limit integer = 50 - how many neighbours at most
// returns: neighbour, type, facts (how many), predicates, example, id
MATCH (named:Entity {namespace: $namespace})
WHERE named.id = $entity OR toLower(named.name) = toLower($entity)
  OR any(alias IN named.aliases WHERE toLower(alias) = toLower($entity))
MATCH (named)-[:SAME_AS*0..4]-(e:Entity)
WITH DISTINCT named, e
MATCH (e)<-[:ROLE]-(f:Fact)-[:ROLE]->(other:Entity)
WHERE other.id <> e.id AND other.id <> named.id AND (($known_at IS NULL AND f.retired_at IS NULL) OR (f.recorded_at < $known_at_until
    AND (f.retired_at IS NULL OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at))))
  AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
    AND (f.valid_to IS NULL OR $as_of < f.valid_to)))
WITH other, f
ORDER BY f.predicate
RETURN other.name AS neighbour, other.type AS type, count(DISTINCT f) AS facts,
  collect(DISTINCT f.predicate) AS predicates, min(f.text) AS example, other.id AS id
ORDER BY facts DESC, neighbour
LIMIT $limit
