// What was mined of facts: what a fact has one of by a range index, what it has several of by words.
// name: fact_intent
CREATE INDEX graphmem_fact_intent IF NOT EXISTS FOR (n:Fact) ON (n.space, n.intent)
// name: fact_mined
CREATE FULLTEXT INDEX graphmem_mined IF NOT EXISTS
FOR (n:Fact) ON EACH [n.keywords, n.topics, n.tags, n.event_types]
OPTIONS {indexConfig: {`fulltext.eventually_consistent`: true}}
// Facts beneath the passages of the tree: one that was kept without them is caught up.
// name: catch_up_trees
MATCH (n:_Namespace)
WHERE n.summaries_version IS NOT NULL
SET n.summaries_version = 0
