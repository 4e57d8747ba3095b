// name: facts
// doc: Facts by what was mined of them, the latest learned first; what is not given keeps all.
// param: topic string = null - such as music; a fact may have two
// param: event_type string = null - what happens, such as marriage
// param: keyword string = null - a phrase, in lower case
// param: tag string = null - without its sign
// param: intent string = null - of what was said in a chat, such as plan or preference
// param: speaker string = null - who said it
// param: as_of when = null - only what held at this time, or at some time of a range (2019..2021)
// param: known_at when = null - what was believed at this time or in this range, instead of now
// param: limit integer = 50 - how many facts at most
// returns: fact, topics, event_types, keywords, intent, id
MATCH (f:Fact {namespace: $namespace})
WHERE (($known_at IS NULL AND f.retired_at IS NULL) OR (f.recorded_at < $known_at_until
    AND (f.retired_at IS NULL OR ($known_at < f.retired_at AND f.recorded_at < f.retired_at))))
  AND ($as_of IS NULL OR ((f.valid_from IS NULL OR f.valid_from < $as_of_until)
    AND (f.valid_to IS NULL OR $as_of < f.valid_to)))
  AND ($topic IS NULL OR $topic IN coalesce(f.topics, []))
  AND ($event_type IS NULL OR $event_type IN coalesce(f.event_types, []))
  AND ($keyword IS NULL OR $keyword IN coalesce(f.keywords, []))
  AND ($tag IS NULL OR $tag IN coalesce(f.tags, []))
  AND ($intent IS NULL OR f.intent = $intent)
  AND ($speaker IS NULL OR EXISTS { MATCH (f)-[:EVIDENCE]->(:Passage {speaker: $speaker}) })
RETURN f.text AS fact, f.topics AS topics, f.event_types AS event_types, f.keywords AS keywords,
  f.intent AS intent, f.id AS id
ORDER BY f.recorded_at DESC, fact, id
LIMIT $limit
