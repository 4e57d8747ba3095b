// name: find
// doc: Entities by a part of their name or of an alias.
// param: text string - the part; case does not matter
// param: as_of when = null - count only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - count only what was believed at this time or in this range
// param: limit integer = 25 - how many at most
// returns: entity, type, aliases, facts (how many), id
MATCH (e:Entity {namespace: $namespace})
WHERE toLower(e.name) CONTAINS toLower($text)
  OR any(alias IN e.aliases WHERE toLower(alias) CONTAINS toLower($text))
RETURN e.name AS entity, e.type AS type, e.aliases AS aliases,
  COUNT { MATCH (e)<-[:ROLE]-(f:Fact) WHERE ($known_at IS NULL OR (f.recorded_at < $known_at_until AND (f.retired_at IS NULL
      OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at))))
    AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
      AND (f.valid_to IS NULL OR $as_of < f.valid_to))) } AS facts,
  e.id AS id
ORDER BY facts DESC, entity
LIMIT $limit
