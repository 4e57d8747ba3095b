// {conditions} is put together from the fragments below, for a passage `n` of an episode `e`.
// name: refresh
CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()
// The index compares rounded vectors: what it finds is compared again.
// name: nearest
CALL db.index.vector.queryNodes('{embeddings}', $fetch, $vector) YIELD node AS n
WITH n WHERE n.space = $space
MATCH (e:Episode)-[:HAS]->(n)
WHERE {conditions}
WITH n, vector.similarity.cosine(n.{embedding}, $vector) AS score
RETURN collect([n.id, 2 * score - 1, n.attributes, n.nid])
// name: nearest_of_all
MATCH (n:Passage)
WHERE n.space = $space AND n.nid > 0 AND n.{embedding} IS NOT NULL
MATCH (e:Episode)-[:HAS]->(n)
WHERE {conditions}
WITH n, vector.similarity.cosine(n.{embedding}, $vector) AS score
ORDER BY score DESC, n.nid LIMIT $limit
RETURN collect([n.id, 2 * score - 1, n.attributes, n.nid])
// name: find_text
CALL db.index.fulltext.queryNodes('graphmem_texts', $text, {limit: $fetch}) YIELD node, score
WITH collect([node, score]) AS found
RETURN size(found), COLLECT {
  UNWIND found AS pair
  WITH pair[0] AS n, pair[1] AS score
  WHERE n:Passage AND n.space = $space
  MATCH (e:Episode)-[:HAS]->(n)
  WHERE {conditions}
  RETURN [n.id, score, n.attributes, n.nid]
}
// name: living
e.retired_at IS NULL AND n.forgotten_at IS NULL
// name: known_at
e.recorded_at < $known_before AND (e.retired_at IS NULL OR $known_at < e.retired_at)
  AND (n.forgotten_at IS NULL OR $known_at < n.forgotten_at)
// name: source
e.source = $source
// name: speaker
n.speaker = $speaker
// name: session
n.session = $session
// name: since
n.occurred_at >= $since
// name: until
n.occurred_at < $until
// name: type
EXISTS { MATCH (n)-[:MENTIONS]->(t:Entity) WHERE t.type = $type }
// name: entity
EXISTS { MATCH (n)-[:MENTIONS]->(t:Entity) WHERE t.id = $entity }
// {of_fact} is put together from the fragments below, for a fact `f` that the passage states.
// name: as_of
(NOT EXISTS { (n)<-[:EVIDENCE]-() } OR EXISTS {
  MATCH (n)<-[:EVIDENCE]-(f:Fact) WHERE {of_fact}
})
// name: fact
EXISTS { MATCH (n)<-[:EVIDENCE]-(f:Fact) WHERE {of_fact} }
// name: fact_believed
(CASE WHEN $known_at IS NULL THEN f.retired_at IS NULL
  ELSE f.recorded_at < $known_before AND (f.retired_at IS NULL
    OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at)) END)
// name: fact_held
(f.valid_from IS NULL OR f.valid_from < $held_before) AND (f.valid_to IS NULL OR $as_of < f.valid_to)
// name: fact_topics
all(value IN $fact_topics WHERE value IN coalesce(f.topics, []))
// name: fact_event_types
all(value IN $fact_event_types WHERE value IN coalesce(f.event_types, []))
// name: fact_keywords
all(value IN $fact_keywords WHERE value IN coalesce(f.keywords, []))
// name: fact_tags
all(value IN $fact_tags WHERE value IN coalesce(f.tags, []))
// name: fact_intent
f.intent = $fact_intent
// name: fact_kind
f.kind = $fact_kind
// name: fact_modality
f.modality = $fact_modality
// name: fact_polarity
f.polarity = $fact_polarity
// name: fact_speaker
EXISTS { MATCH (f)-[:EVIDENCE]->(z:Passage) WHERE z.speaker = $fact_speaker }
