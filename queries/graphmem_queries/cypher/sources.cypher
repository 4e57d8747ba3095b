// name: sources
// doc: Where a fact comes from: each place that states it, word for word.
// param: fact string - its id, or a part of its text; case does not matter
// param: limit integer = 25 - how many places at most
// returns: fact, quote, source, title, speaker, occurred_at, trust, start, end, passage
MATCH (f:Fact {namespace: $namespace})
WHERE f.id = $fact OR toLower(f.text) CONTAINS toLower($fact)
MATCH (f)-[s:EVIDENCE]->(p:Passage)<-[:HAS]-(e:Episode)
RETURN f.text AS fact, substring(p.text, s.start, s.`end` - s.start) AS quote, e.source AS source,
  e.title AS title, p.speaker AS speaker, coalesce(p.occurred_at, e.occurred_at) AS occurred_at,
  e.trust AS trust, p.start + s.start AS start, p.start + s.`end` AS `end`, p.id AS passage
ORDER BY fact, source, start
LIMIT $limit
