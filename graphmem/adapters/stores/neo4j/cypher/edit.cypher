// name: set_entities
UNWIND $rows AS row
MATCH (n:Entity {id: row[0]})
SET n.type = row[1], n.aliases = row[2], n.profile = row[3]
// name: set_facts
UNWIND $rows AS row
MATCH (n:Fact {id: row[0]})
SET n.confidence = row[1], n.valid_from = row[2], n.valid_to = row[3], n.precision = row[4],
  n.retired_at = row[5], n.strength = row[6]
// name: not_living
UNWIND $ids AS id
MATCH (f:Fact {id: id})
WHERE f.retired_at IS NULL AND NOT EXISTS {
  MATCH (f)-[:EVIDENCE]->(p:Passage)<-[:HAS]-(o:Episode)
  WHERE o.retired_at IS NULL AND p.forgotten_at IS NULL
}
RETURN collect(id)
// name: remove_discourse
UNWIND $rows AS row
MATCH (:Fact {id: row[0]})-[r:DISCOURSE {sense: row[2], connective: row[3]}]->(:Fact {id: row[1]})
DELETE r
// name: remove_supersessions
UNWIND $rows AS row
MATCH (:Fact {id: row[0]})-[r:SUPERSEDES]->(:Fact {id: row[1]})
DELETE r
// name: remove_same_as
UNWIND $rows AS row
MATCH (:Entity {id: row[0]})-[r:SAME_AS {by: row[2]}]->(:Entity {id: row[1]})
DELETE r
// name: set_supersessions
UNWIND $rows AS row
MATCH (:Fact {id: row[0]})-[r:SUPERSEDES]->(:Fact {id: row[1]})
SET r.reason = row[2]
// name: set_same_as
UNWIND $rows AS row
MATCH (:Entity {id: row[0]})-[r:SAME_AS {by: row[2]}]->(:Entity {id: row[1]})
SET r.score = row[3]
// name: members
UNWIND $ids AS id
MATCH (:Fact {id: id})-[:ROLE]->(e:Entity)
RETURN collect(DISTINCT e.id)
// name: remove_facts
UNWIND $ids AS id
MATCH (f:Fact {id: id})
DETACH DELETE f
// name: remove_orphans
UNWIND $ids AS id
MATCH (e:Entity {id: id})
WHERE NOT EXISTS { (e)<-[:MENTIONS]-() } AND NOT EXISTS { (e)<-[:ROLE]-() }
  AND NOT EXISTS { (e)-[:SAME_AS]-() }
DETACH DELETE e
