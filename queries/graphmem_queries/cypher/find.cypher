// name: find
// doc: Entities by a part of their name or of an alias.
// param: text string - the part; case does not matter
// param: limit integer = 25 - how many at most
// returns: entity, type, aliases, facts (how many), id
MATCH (e:Entity {namespace: $namespace})
WHERE toLower(e.name) CONTAINS toLower($text)
  OR any(alias IN e.aliases WHERE toLower(alias) CONTAINS toLower($text))
RETURN e.name AS entity, e.type AS type, e.aliases AS aliases,
  COUNT { (e)<-[:ROLE]-(:Fact) } AS facts, e.id AS id
ORDER BY facts DESC, entity
LIMIT $limit
