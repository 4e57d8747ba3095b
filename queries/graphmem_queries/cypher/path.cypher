// name: path
// doc: How two entities are connected: the shortest chains of facts from one to the other. With a
//   time, those of them that held then, and of all others that did those of up to two facts.
// param: from string - name, alias or id of the one; case does not matter
// param: to string - name, alias or id of the other
// param: as_of when = null - only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - only what was believed at this time or in this range
// param: limit integer = 5 - how many chains at most
// returns: path (names and facts in turn), facts (how many), believed (whether all of them are)
MATCH (a:Entity {namespace: $namespace})
WHERE a.id = $from OR toLower(a.name) = toLower($from)
  OR any(alias IN a.aliases WHERE toLower(alias) = toLower($from))
WITH a
MATCH (b:Entity {namespace: $namespace})
WHERE (b.id = $to OR toLower(b.name) = toLower($to)
  OR any(alias IN b.aliases WHERE toLower(alias) = toLower($to))) AND a.id <> b.id
CALL (a, b) {
  MATCH p = allShortestPaths((a)-[:ROLE|SAME_AS*..8]-(b))
  RETURN p
  UNION
  WITH a, b WHERE $as_of IS NOT NULL OR $known_at IS NOT NULL
  MATCH p = (a)-[:ROLE|SAME_AS*..4]-(b)
  RETURN p
}
WITH p
WHERE all(n IN nodes(p) WHERE NOT n:Fact
  OR (($known_at IS NULL OR (n.recorded_at < $known_at_until AND (n.retired_at IS NULL
      OR ($known_at < n.retired_at AND n.recorded_at < n.retired_at))))
    AND ($as_of IS NULL OR ((n.valid_from IS NULL OR n.valid_from < $as_of_until)
      AND (n.valid_to IS NULL OR $as_of < n.valid_to)))))
WITH collect(p) AS found, min(length(p)) AS least
UNWIND found AS p
WITH p WHERE length(p) = least
RETURN [n IN nodes(p) | CASE WHEN n:Fact THEN n.text ELSE n.name END] AS path,
  size([n IN nodes(p) WHERE n:Fact]) AS facts,
  all(n IN nodes(p) WHERE n:Entity OR n.retired_at IS NULL) AS believed
ORDER BY believed DESC, facts, path
LIMIT $limit
