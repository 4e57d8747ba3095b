// name: timeline
// doc: An entity's facts in the order in which they held, or were said where that is not known.
// param: entity string - its name, an alias, or its id; case does not matter
// param: as_of when = null - only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - what was believed at this time or in this range, instead of now
// param: topic string = null - only what speaks of it, such as music
// param: event_type string = null - only what happened of this kind, such as marriage
// param: intent string = null - only what was said in a chat as this, such as plan
// param: limit integer = 100 - how many facts at most
// returns: valid_from, valid_to, said_at, fact, id
MATCH (named:Entity {namespace: $namespace})
WHERE named.id = $entity OR toLower(named.name) = toLower($entity)
  OR any(alias IN named.aliases WHERE toLower(alias) = toLower($entity))
MATCH (named)-[:SAME_AS*0..4]-(e:Entity)
WITH DISTINCT named, e
MATCH (e)<-[:ROLE]-(f:Fact)
WHERE (($known_at IS NULL AND f.retired_at IS NULL) OR (f.recorded_at < $known_at_until
    AND (f.retired_at IS NULL OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at))))
  AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
    AND (f.valid_to IS NULL OR $as_of < f.valid_to)))
  AND ($topic IS NULL OR $topic IN coalesce(f.topics, []))
  AND ($event_type IS NULL OR $event_type IN coalesce(f.event_types, []))
  AND ($intent IS NULL OR f.intent = $intent)
WITH DISTINCT f
OPTIONAL MATCH (f)-[:EVIDENCE]->(p:Passage)
WITH f, min(p.occurred_at) AS said_at
WHERE f.valid_from IS NOT NULL OR f.valid_to IS NOT NULL OR said_at IS NOT NULL
RETURN f.valid_from AS valid_from, f.valid_to AS valid_to, said_at, f.text AS fact, f.id AS id
ORDER BY coalesce(valid_from, said_at, valid_to), fact
LIMIT $limit
