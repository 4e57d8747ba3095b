// name: sources
// doc: Where a fact comes from: each place that states it, word for word.
// param: fact string - its id, or a part of its text; case does not matter
// param: as_of when = null - only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - only what was believed at this time or in this range
// param: limit integer = 25 - how many places at most
// returns: fact, quote, source, title, speaker, occurred_at, trust, start, end, passage
MATCH (f:Fact {namespace: $namespace})
WHERE (f.id = $fact OR toLower(f.text) CONTAINS toLower($fact))
  AND ($known_at IS NULL OR (f.recorded_at < $known_at_until AND (f.retired_at IS NULL
    OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at))))
  AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
    AND (f.valid_to IS NULL OR $as_of < f.valid_to)))
MATCH (f)-[s:EVIDENCE]->(p:Passage)<-[:HAS]-(e:Episode)
RETURN f.text AS fact, substring(p.text, s.start, s.`end` - s.start) AS quote, e.source AS source,
  e.title AS title, p.speaker AS speaker, coalesce(p.occurred_at, e.occurred_at) AS occurred_at,
  e.trust AS trust, p.start + s.start AS start, p.start + s.`end` AS `end`,
  coalesce(min(CASE WHEN p.forgotten_at IS NULL THEN p.id END), min(p.id)) AS passage
ORDER BY fact, source, start
LIMIT $limit
