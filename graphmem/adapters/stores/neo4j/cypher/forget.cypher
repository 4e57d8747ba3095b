// Passages that are dropped recoverably, or found again.
// name: forget
UNWIND $ids AS id
MATCH (p:Passage {id: id, space: $space})
WHERE p.forgotten_at IS NULL
SET p.forgotten_at = $moment, p.changed_in = $version
RETURN collect(p.id)
// name: now_unsupported
UNWIND $ids AS id
MATCH (:Passage {id: id})<-[:EVIDENCE]-(f:Fact)
WITH DISTINCT f
WHERE f.retired_at IS NULL AND NOT EXISTS {
  MATCH (f)-[:EVIDENCE]->(p:Passage)<-[:HAS]-(o:Episode)
  WHERE o.retired_at IS NULL AND p.forgotten_at IS NULL
}
SET f.retired_at = $moment, f.changed_in = $version
RETURN collect(f.id)
// name: recall_passages
UNWIND $rows AS row
MATCH (p:Passage {id: row[0], space: $space})
SET p.recalls = coalesce(p.recalls, 0) + row[1], p.last_recalled_at = $moment
// name: recall_facts
UNWIND $rows AS row
MATCH (p:Passage {id: row[0], space: $space})<-[:EVIDENCE]-(f:Fact)
WITH DISTINCT f, row
SET f.recalls = f.recalls + row[1], f.last_recalled_at = $moment
