// Having the server close the transaction log that holds erased words.
// name: settings
SHOW SETTINGS 'db.tx_log.rotation.retention_policy', 'db.tx_log.rotation.size'
YIELD name, value
RETURN name, value
// name: fill
UNWIND range(1, $times) AS time
CREATE (:_Filler {text: $text})
// name: empty
MATCH (f:_Filler)
DELETE f
