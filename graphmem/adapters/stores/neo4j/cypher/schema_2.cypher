// The change feed. What was changed before is not known, so whoever read it has to read all again.
// name: episode_change
CREATE INDEX graphmem_episode_change IF NOT EXISTS FOR (n:Episode) ON (n.space, n.changed_in)
// name: passage_change
CREATE INDEX graphmem_passage_change IF NOT EXISTS FOR (n:Passage) ON (n.space, n.changed_in)
// name: entity_change
CREATE INDEX graphmem_entity_change IF NOT EXISTS FOR (n:Entity) ON (n.space, n.changed_in)
// name: fact_change
CREATE INDEX graphmem_fact_change IF NOT EXISTS FOR (n:Fact) ON (n.space, n.changed_in)
// name: removed_in
MATCH (s:_Namespace)
SET s.removed_in = s.version
