// All in one transaction, from the source's episodes outwards; a step says how many it removed.
// name: episodes
MATCH (n:Episode {space: $space, source_key: $source_key})
RETURN collect(n.nid)
// name: passages
UNWIND $nids AS nid
MATCH (:Episode {space: $space, nid: nid})-[:HAS]->(p:Passage)
RETURN collect([p.nid, p.id])
// name: by_id
UNWIND $nids AS id
MATCH (p:Passage {id: id, space: $space})
RETURN collect([p.nid, p.id])
// name: holders
UNWIND $nids AS nid
MATCH (e:Episode)-[:HAS]->(:Passage {space: $space, nid: nid})
RETURN collect(DISTINCT e.nid)
// name: passages_of
UNWIND $nids AS nid
MATCH (:Episode {space: $space, nid: nid})-[:HAS]->(p:Passage)
RETURN collect([nid, p.nid])
// name: unlink_order
UNWIND $nids AS nid
MATCH (:Episode {space: $space, nid: nid})-[:HAS]->(:Passage)-[n:NEXT]->()
DELETE n
RETURN count(*)
// name: link_order
UNWIND $nids AS nid
MATCH (e:Episode {space: $space, nid: nid})-[:HAS]->(p:Passage)
WITH e, p ORDER BY p.ordinal, p.nid
WITH e, collect(p) AS ps
UNWIND range(0, size(ps) - 2) AS at
WITH ps[at] AS a, ps[at + 1] AS b
CREATE (a)-[:NEXT]->(b)
RETURN count(*)
// name: facts_met
UNWIND $nids AS nid
MATCH (:Passage {space: $space, nid: nid})<-[:EVIDENCE]-(f:Fact)
RETURN collect(DISTINCT f.nid)
// name: entities_met
UNWIND $nids AS nid
MATCH (:Passage {space: $space, nid: nid})-[:MENTIONS]->(e:Entity)
RETURN collect(DISTINCT e.nid)
// name: evidence
UNWIND $nids AS nid
MATCH (:Passage {space: $space, nid: nid})<-[r:EVIDENCE]-()
DELETE r
RETURN count(*)
// name: mentions
UNWIND $nids AS nid
MATCH (:Passage {space: $space, nid: nid})-[r:MENTIONS]->()
DELETE r
RETURN count(*)
// name: discourse_in
UNWIND $ids AS id
MATCH ()-[r:DISCOURSE {passage_id: id}]->()
DELETE r
RETURN count(*)
// name: gone_facts
UNWIND $nids AS nid
MATCH (f:Fact {space: $space, nid: nid})
WHERE NOT EXISTS { (f)-[:EVIDENCE]->() }
RETURN collect(nid)
// name: members
UNWIND $nids AS nid
MATCH (:Fact {space: $space, nid: nid})-[:ROLE]->(e:Entity)
RETURN collect(DISTINCT e.nid)
// name: discourse
UNWIND $nids AS nid
MATCH (:Fact {space: $space, nid: nid})-[r:DISCOURSE]-()
WITH DISTINCT r
DELETE r
RETURN count(*)
// name: supersessions
UNWIND $nids AS nid
MATCH (:Fact {space: $space, nid: nid})-[r:SUPERSEDES]-()
WITH DISTINCT r
DELETE r
RETURN count(*)
// name: facts
UNWIND $nids AS nid
MATCH (f:Fact {space: $space, nid: nid})
DETACH DELETE f
RETURN count(*)
// name: gone_entities
UNWIND $nids AS nid
MATCH (e:Entity {space: $space, nid: nid})
WHERE NOT EXISTS { (e)<-[:MENTIONS]-() } AND NOT EXISTS { (e)<-[:ROLE]-() }
RETURN collect(nid)
// name: same_as
UNWIND $nids AS nid
MATCH (:Entity {space: $space, nid: nid})-[r:SAME_AS]-()
WITH DISTINCT r
DELETE r
RETURN count(*)
// name: entities
UNWIND $nids AS nid
MATCH (e:Entity {space: $space, nid: nid})
DETACH DELETE e
RETURN count(*)
// name: texts
UNWIND $nids AS nid
MATCH (p:Passage {space: $space, nid: nid})
DETACH DELETE p
RETURN count(*)
// name: sources
UNWIND $nids AS nid
MATCH (n:Episode {space: $space, nid: nid})
DETACH DELETE n
RETURN count(*)
// name: retire
UNWIND $nids AS nid
MATCH (f:Fact {space: $space, nid: nid})
WHERE f.retired_at IS NULL AND NOT EXISTS {
  MATCH (f)-[:EVIDENCE]->(p:Passage)<-[:HAS]-(o:Episode)
  WHERE o.retired_at IS NULL AND p.forgotten_at IS NULL
}
SET f.retired_at = $moment, f.changed_in = $version
RETURN count(*)
