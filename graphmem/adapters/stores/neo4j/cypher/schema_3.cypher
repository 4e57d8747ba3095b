// Summaries of many passages, and communities of entities.
// name: summary_id
CREATE CONSTRAINT graphmem_summary_id IF NOT EXISTS FOR (n:Summary) REQUIRE n.id IS UNIQUE
// name: community_id
CREATE CONSTRAINT graphmem_community_id IF NOT EXISTS FOR (n:Community) REQUIRE n.id IS UNIQUE
// name: summary_space
CREATE INDEX graphmem_summary_space IF NOT EXISTS FOR (n:Summary) ON (n.space)
// name: community_space
CREATE INDEX graphmem_community_space IF NOT EXISTS FOR (n:Community) ON (n.space)
