// Graph Data Science, projected into the memory of the server and dropped again.
// name: version
SHOW FUNCTIONS YIELD name
WHERE name = 'gds.version'
RETURN count(*)
// name: read_version
RETURN gds.version()
// name: project_entities
MATCH (s:_Namespace {key: $key})
MATCH (f:Fact)
WHERE f.space = s.space AND f.nid > 0 AND f.retired_at IS NULL
CALL (f) {
  MATCH (f)-[:ROLE]->(e:Entity)
  RETURN collect(DISTINCT e) AS members
}
UNWIND members AS a
UNWIND members AS b
WITH a, b WHERE a.nid < b.nid
WITH a, b, count(*) AS facts
WITH gds.graph.project($graph, a, b, {relationshipProperties: {weight: toFloat(facts)}},
  {undirectedRelationshipTypes: ['*']}) AS made
RETURN coalesce(made.nodeCount, 0)
// name: project_edges
UNWIND range(0, size($sources) - 1) AS at
WITH gds.graph.project($graph, $sources[at], $targets[at],
  {relationshipProperties: {weight: $weights[at]}}, {undirectedRelationshipTypes: ['*']}) AS made
RETURN coalesce(made.nodeCount, 0)
// name: drop
CALL gds.graph.drop($graph, false) YIELD graphName
RETURN graphName
// name: entities
CALL gds.degree.stream($graph, {relationshipWeightProperty: 'weight'}) YIELD nodeId, score
WITH nodeId, score, gds.util.asNode(nodeId) AS e
RETURN collect([nodeId, e.id, e.name, score])
// name: pagerank
CALL gds.pageRank.stream($graph, {relationshipWeightProperty: 'weight', dampingFactor: $damping,
  tolerance: $tolerance, maxIterations: $iterations}) YIELD nodeId, score
RETURN collect([nodeId, score])
// name: personalised
CALL gds.pageRank.stream($graph, {relationshipWeightProperty: 'weight', dampingFactor: $damping,
  tolerance: $tolerance, maxIterations: $iterations, sourceNodes: $seeds}) YIELD nodeId, score
WITH nodeId, score ORDER BY score DESC, nodeId LIMIT $k
RETURN collect([nodeId, score])
// name: components
CALL gds.wcc.stream($graph) YIELD nodeId, componentId
RETURN collect([nodeId, componentId])
// name: communities
CALL gds.leiden.stream($graph, {relationshipWeightProperty: 'weight', randomSeed: 0,
  concurrency: 1}) YIELD nodeId, communityId
RETURN collect([nodeId, communityId])
