// Ids follow from content and are short. What may be long (names, texts, sources, namespaces) is
// not in a range index but by its digest: such an index takes keys of 8 kB at most.
// name: episode_id
CREATE CONSTRAINT graphmem_episode_id IF NOT EXISTS FOR (n:Episode) REQUIRE n.id IS UNIQUE
// name: passage_id
CREATE CONSTRAINT graphmem_passage_id IF NOT EXISTS FOR (n:Passage) REQUIRE n.id IS UNIQUE
// name: entity_id
CREATE CONSTRAINT graphmem_entity_id IF NOT EXISTS FOR (n:Entity) REQUIRE n.id IS UNIQUE
// name: fact_id
CREATE CONSTRAINT graphmem_fact_id IF NOT EXISTS FOR (n:Fact) REQUIRE n.id IS UNIQUE
// name: memory_key
CREATE CONSTRAINT graphmem_memory_key IF NOT EXISTS FOR (n:_Memory) REQUIRE n.key IS UNIQUE
// name: namespace_key
CREATE CONSTRAINT graphmem_namespace_key IF NOT EXISTS FOR (n:_Namespace) REQUIRE n.key IS UNIQUE
// name: job_key
CREATE CONSTRAINT graphmem_job_key IF NOT EXISTS FOR (n:_Job) REQUIRE n.key IS UNIQUE
// name: episode_nid
CREATE INDEX graphmem_episode_nid IF NOT EXISTS FOR (n:Episode) ON (n.space, n.nid)
// name: passage_nid
CREATE INDEX graphmem_passage_nid IF NOT EXISTS FOR (n:Passage) ON (n.space, n.nid)
// name: entity_nid
CREATE INDEX graphmem_entity_nid IF NOT EXISTS FOR (n:Entity) ON (n.space, n.nid)
// name: fact_nid
CREATE INDEX graphmem_fact_nid IF NOT EXISTS FOR (n:Fact) ON (n.space, n.nid)
// name: episode_source
CREATE INDEX graphmem_episode_source IF NOT EXISTS FOR (n:Episode) ON (n.space, n.source_key)
// name: passage_vector
CREATE INDEX graphmem_passage_vector_key IF NOT EXISTS FOR (n:Passage) ON (n.vector_key)
// name: discourse_passage
CREATE INDEX graphmem_discourse_passage IF NOT EXISTS FOR ()-[n:DISCOURSE]-() ON (n.passage_id)
// name: names
CREATE FULLTEXT INDEX graphmem_names IF NOT EXISTS FOR (n:Entity) ON EACH [n.name, n.aliases]
OPTIONS {indexConfig: {`fulltext.eventually_consistent`: true}}
// name: texts
CREATE FULLTEXT INDEX graphmem_texts IF NOT EXISTS FOR (n:Passage|Fact) ON EACH [n.text]
OPTIONS {indexConfig: {`fulltext.eventually_consistent`: true}}
