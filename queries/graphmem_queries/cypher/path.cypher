// name: path
// doc: How two entities are connected: the shortest chains of facts from one to the other.
// param: from string - name, alias or id of the one; case does not matter
// param: to string - name, alias or id of the other
// param: limit integer = 5 - how many chains at most
// returns: path (names and facts in turn), facts (how many), believed (whether all of them are)
MATCH (a:Entity {namespace: $namespace})
WHERE a.id = $from OR toLower(a.name) = toLower($from)
  OR any(alias IN a.aliases WHERE toLower(alias) = toLower($from))
WITH a
MATCH (b:Entity {namespace: $namespace})
WHERE (b.id = $to OR toLower(b.name) = toLower($to)
  OR any(alias IN b.aliases WHERE toLower(alias) = toLower($to))) AND a.id <> b.id
MATCH p = allShortestPaths((a)-[:ROLE|SAME_AS*..8]-(b))
RETURN [n IN nodes(p) | CASE WHEN n:Fact THEN n.text ELSE n.name END] AS path,
  size([n IN nodes(p) WHERE n:Fact]) AS facts,
  all(n IN nodes(p) WHERE n.retired_at IS NULL) AS believed
ORDER BY believed DESC, facts, path
LIMIT $limit
