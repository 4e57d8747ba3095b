// name: contradictions
// doc: Facts that contradict each other while both hold, for longer than their dates are exact: the
//   same subject and predicate, and either the opposite polarity about the same thing, or another
//   thing of the same type in the same role (or another place). Events happen more than once, so
//   two of them differ without contradiction.
// param: entity string = null - whose facts; name, alias or id; everybody's when it is left out
// param: as_of when = null - only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - what was believed at this time or in this range, instead of now
// param: limit integer = 25 - how many pairs at most
// returns: subject, conflict (polarity or value), fact, other, valid_from, other_valid_from, id, other_id
MATCH (s:Entity {namespace: $namespace})<-[:ROLE {role: 'subject'}]-(f:Fact)
WHERE (($known_at IS NULL AND f.retired_at IS NULL) OR (f.recorded_at < $known_at_until
    AND (f.retired_at IS NULL OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at))))
  AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
    AND (f.valid_to IS NULL OR $as_of < f.valid_to)))
  AND ($entity IS NULL OR s.id = $entity OR toLower(s.name) = toLower($entity)
    OR any(alias IN s.aliases WHERE toLower(alias) = toLower($entity)))
WITH s, f.predicate AS predicate, collect(DISTINCT f) AS facts
WHERE size(facts) > 1
UNWIND facts AS a
UNWIND facts AS b
WITH s, a, b, [a.precision, b.precision] AS exact
WHERE a.id < b.id AND (a.polarity <> b.polarity OR NOT 'event' IN [a.kind, b.kind])
WITH s, a, b,
  CASE WHEN 'century' IN exact THEN 100 WHEN 'decade' IN exact THEN 10 WHEN 'year' IN exact THEN 1
    ELSE 0 END * 31622400000000 AS slack
WHERE (a.valid_from IS NULL OR b.valid_to IS NULL OR a.valid_from + slack < b.valid_to)
  AND (b.valid_from IS NULL OR a.valid_to IS NULL OR b.valid_from + slack < a.valid_to)
MATCH (a)-[u:ROLE]->(x:Entity), (b)-[v:ROLE]->(y:Entity)
WHERE NOT u.role IN ['subject', 'time'] AND NOT v.role IN ['subject', 'time']
  AND (u.role = v.role OR (x.type = 'place' AND y.type = 'place'))
  AND ((a.polarity <> b.polarity AND x.id = y.id)
    OR (a.polarity = b.polarity AND x.id <> y.id AND x.type = y.type AND x.type <> 'concept'
      AND NOT EXISTS { (a)-[:ROLE]->(y) } AND NOT EXISTS { (b)-[:ROLE]->(x) }))
RETURN DISTINCT s.name AS subject,
  CASE WHEN a.polarity <> b.polarity THEN 'polarity' ELSE 'value' END AS conflict,
  a.text AS fact, b.text AS other, a.valid_from AS valid_from, b.valid_from AS other_valid_from,
  a.id AS id, b.id AS other_id
ORDER BY conflict, subject, fact, other
LIMIT $limit
