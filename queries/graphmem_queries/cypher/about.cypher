// name: about
// doc: What is known about an entity: every fact that it has a part in and that is believed.
// param: entity string - its name, an alias, or its id; case does not matter
// param: as_of when = null - only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - what was believed at this time or in this range, instead of now
// param: limit integer = 50 - how many facts at most
// returns: entity, role, fact, valid_from, valid_to, confidence, id
MATCH (named:Entity {namespace: $namespace})
WHERE named.id = $entity OR toLower(named.name) = toLower($entity)
  OR any(alias IN named.aliases WHERE toLower(alias) = toLower($entity))
MATCH (named)-[:SAME_AS*0..4]-(e:Entity)
WITH DISTINCT named, e
MATCH (e)<-[r:ROLE]-(f:Fact)
WHERE (($known_at IS NULL AND f.retired_at IS NULL) OR (f.recorded_at < $known_at_until
    AND (f.retired_at IS NULL OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at))))
  AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
    AND (f.valid_to IS NULL OR $as_of < f.valid_to)))
WITH e, f, min(r.role) AS role
RETURN e.name AS entity, role, f.text AS fact, f.valid_from AS valid_from, f.valid_to AS valid_to,
  f.confidence AS confidence, f.id AS id
ORDER BY confidence DESC, valid_from, fact
LIMIT $limit
