PRAGMA application_id = 1735544173;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE checkpoints (job TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE discourse (
        nid INTEGER PRIMARY KEY,
        source_nid INTEGER NOT NULL REFERENCES facts,
        target_nid INTEGER NOT NULL REFERENCES facts,
        sense TEXT NOT NULL,
        connective TEXT NOT NULL,
        passage_nid INTEGER REFERENCES passages,
        start INTEGER,
        "end" INTEGER
    );
INSERT INTO "discourse" VALUES(1,1,2,'cause','so',1,0,1);
CREATE TABLE entities (
        nid INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace_nid INTEGER NOT NULL REFERENCES namespaces,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        aliases TEXT NOT NULL,
        profile TEXT NOT NULL
    );
INSERT INTO "entities" VALUES(1,'en_a259e6150c3f0d4aa0205e76abf529dc',1,'Ann','person','[]','');
INSERT INTO "entities" VALUES(2,'en_eab6d87e8556291b5d1394a1593d40ee',1,'Bob','person','[]','');
INSERT INTO "entities" VALUES(3,'en_0d8075f07c7939ae336ca5b9c70c0734',1,'Cem','person','[]','');
INSERT INTO "entities" VALUES(4,'en_2a8610c572f4c3085a6bbe5f4bfb0ed6',2,'Dee','person','[]','');
CREATE TABLE episodes (
        nid INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace_nid INTEGER NOT NULL REFERENCES namespaces,
        source TEXT NOT NULL,
        title TEXT NOT NULL,
        kind TEXT NOT NULL,
        occurred_at INTEGER,
        recorded_at INTEGER NOT NULL,
        retired_at INTEGER,
        digest TEXT NOT NULL,
        trust REAL NOT NULL,
        depth TEXT NOT NULL
    );
INSERT INTO "episodes" VALUES(1,'ep_41236e78c64367537f134582c86e29b3',1,'a','title of a','document',NULL,1714566615123456,1714653015123456,'{''Ann knows Bob and works.'': {''Ann knows Bob'': (''Ann'', ''Bob''), ''Ann works'': (''Ann'',)}}',0.5,'full');
INSERT INTO "episodes" VALUES(2,'ep_e952273f16f4a564f67ffea0896b8e32',1,'b','title of b','document',NULL,1714566615123456,NULL,'{''Cem works'': {''Cem works'': (''Cem'',)}, ''Ann works'': {''Ann works'': (''Ann'',)}}',0.5,'full');
INSERT INTO "episodes" VALUES(3,'ep_bdd0db628144665994623c9431c4ec79',2,'d','title of d','document',NULL,1714566615123456,NULL,'{''Dee rests'': {''Dee rests'': (''Dee'',)}}',0.5,'full');
CREATE TABLE evidence (
        fact_nid INTEGER NOT NULL REFERENCES facts,
        passage_nid INTEGER NOT NULL REFERENCES passages,
        start INTEGER NOT NULL CHECK (start >= 0),
        "end" INTEGER NOT NULL CHECK ("end" >= start),
        PRIMARY KEY (fact_nid, passage_nid, start, "end")
    ) WITHOUT ROWID;
INSERT INTO "evidence" VALUES(1,1,0,24);
INSERT INTO "evidence" VALUES(2,1,0,24);
INSERT INTO "evidence" VALUES(3,2,0,9);
INSERT INTO "evidence" VALUES(2,3,0,9);
INSERT INTO "evidence" VALUES(4,4,0,9);
CREATE TABLE facts (
        nid INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace_nid INTEGER NOT NULL REFERENCES namespaces,
        text TEXT NOT NULL,
        predicate TEXT NOT NULL,
        polarity TEXT NOT NULL,
        modality TEXT NOT NULL,
        attribution TEXT,
        kind TEXT NOT NULL,
        confidence REAL NOT NULL,
        trust REAL NOT NULL,
        valid_from INTEGER,
        valid_to INTEGER,
        precision TEXT,
        recorded_at INTEGER NOT NULL,
        retired_at INTEGER,
        strength REAL NOT NULL,
        recalls INTEGER NOT NULL,
        last_recalled_at INTEGER
    );
INSERT INTO "facts" VALUES(1,'fa_c22706b07b0d7deb6c8b8d3bce5e823e',1,'Ann knows Bob','says','positive','actual',NULL,'event',1.0,0.5,NULL,NULL,NULL,1714566615123456,1714653015123456,1.0,0,NULL);
INSERT INTO "facts" VALUES(2,'fa_59b16ef7a38a20b1f5a96adfd6c3367a',1,'Ann works','says','positive','actual',NULL,'event',1.0,0.5,NULL,NULL,NULL,1714566615123456,NULL,1.0,0,NULL);
INSERT INTO "facts" VALUES(3,'fa_cec453353ac92881bc26a3c9ad655cfb',1,'Cem works','says','positive','actual',NULL,'event',1.0,0.5,NULL,NULL,NULL,1714566615123456,NULL,1.0,0,NULL);
INSERT INTO "facts" VALUES(4,'fa_78de2203de4fc126874661597f5422a0',2,'Dee rests','says','positive','actual',NULL,'event',1.0,0.5,NULL,NULL,NULL,1714566615123456,NULL,1.0,0,NULL);
CREATE TABLE mentions (
        passage_nid INTEGER NOT NULL REFERENCES passages,
        start INTEGER NOT NULL CHECK (start >= -1),
        "end" INTEGER NOT NULL CHECK ("end" >= start),
        entity_nid INTEGER NOT NULL REFERENCES entities,
        surface TEXT NOT NULL,
        about REAL NOT NULL,
        PRIMARY KEY (passage_nid, start, "end", entity_nid, surface)
    ) WITHOUT ROWID;
INSERT INTO "mentions" VALUES(1,-1,-1,1,'Ann',0.0);
INSERT INTO "mentions" VALUES(1,-1,-1,2,'Bob',0.0);
INSERT INTO "mentions" VALUES(2,-1,-1,3,'Cem',0.0);
INSERT INTO "mentions" VALUES(3,-1,-1,1,'Ann',0.0);
INSERT INTO "mentions" VALUES(4,-1,-1,4,'Dee',0.0);
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('created_at',1714566615123456);
INSERT INTO "meta" VALUES('dimension',4);
INSERT INTO "meta" VALUES('embedder','model');
INSERT INTO "meta" VALUES('memory_id','12cfe023b1328f6e14fefb8158927896');
CREATE TABLE namespaces (
        nid INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL DEFAULT 0
    );
INSERT INTO "namespaces" VALUES(1,'default',2);
INSERT INTO "namespaces" VALUES(2,'other',1);
CREATE TABLE passages (
        nid INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        namespace_nid INTEGER NOT NULL REFERENCES namespaces,
        episode_nid INTEGER NOT NULL REFERENCES episodes,
        text TEXT NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,
        speaker TEXT,
        session TEXT,
        occurred_at INTEGER,
        external_id TEXT,
        attributes TEXT NOT NULL,
        vector_key TEXT NOT NULL
    );
INSERT INTO "passages" VALUES(1,'pa_8bb9a6c77760bb30b478d55feb65aa5e',1,1,'Ann knows Bob and works.',0,24,0,NULL,NULL,NULL,NULL,'{}','dc6ef354378a2857ca44ba29a87b64cf');
INSERT INTO "passages" VALUES(2,'pa_ce358cf8144c43322b6e12fc69de6a91',1,2,'Cem works',0,9,0,NULL,NULL,NULL,NULL,'{}','e0dbcb384ab2d468566dea4b503faf6e');
INSERT INTO "passages" VALUES(3,'pa_a7b6a1445092a653540f39332e2b5ce2',1,2,'Ann works',0,9,1,NULL,NULL,NULL,NULL,'{}','4e13ff93fc3fa8f0b31ccd7c6888579f');
INSERT INTO "passages" VALUES(4,'pa_5f84c2773efaf325490b3f68c9205f2d',2,3,'Dee rests',0,9,0,NULL,NULL,NULL,NULL,'{}','85749de197be0256101d90e8319ed733');
CREATE TABLE roles (
        fact_nid INTEGER NOT NULL REFERENCES facts,
        position INTEGER NOT NULL,
        entity_nid INTEGER NOT NULL REFERENCES entities,
        role TEXT NOT NULL,
        text TEXT NOT NULL,
        ordinal INTEGER NOT NULL,
        start INTEGER,
        "end" INTEGER,
        PRIMARY KEY (fact_nid, position)
    ) WITHOUT ROWID;
INSERT INTO "roles" VALUES(1,0,1,'role0','Ann',0,NULL,NULL);
INSERT INTO "roles" VALUES(1,1,2,'role1','Bob',1,NULL,NULL);
INSERT INTO "roles" VALUES(2,0,1,'role0','Ann',0,NULL,NULL);
INSERT INTO "roles" VALUES(3,0,3,'role0','Cem',0,NULL,NULL);
INSERT INTO "roles" VALUES(4,0,4,'role0','Dee',0,NULL,NULL);
CREATE TABLE same_as (
        left_nid INTEGER NOT NULL REFERENCES entities,
        right_nid INTEGER NOT NULL REFERENCES entities,
        "by" TEXT NOT NULL,
        score REAL NOT NULL,
        PRIMARY KEY (left_nid, right_nid, "by")
    ) WITHOUT ROWID;
CREATE TABLE supersessions (
        newer_nid INTEGER NOT NULL REFERENCES facts,
        older_nid INTEGER NOT NULL REFERENCES facts,
        reason TEXT NOT NULL,
        PRIMARY KEY (newer_nid, older_nid)
    ) WITHOUT ROWID;
CREATE TABLE vectors (
        nid INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        vector BLOB NOT NULL
    );
INSERT INTO "vectors" VALUES(1,'dc6ef354378a2857ca44ba29a87b64cf',X'7BA69ABBB74D2BBFA023B1BD54F13CBF');
INSERT INTO "vectors" VALUES(2,'e0dbcb384ab2d468566dea4b503faf6e',X'6422AE3DAB73DABE95E4E5BE46CC47BF');
INSERT INTO "vectors" VALUES(3,'4e13ff93fc3fa8f0b31ccd7c6888579f',X'2C8CD63E113DB73DE6113F3F625E023F');
INSERT INTO "vectors" VALUES(4,'85749de197be0256101d90e8319ed733',X'281BAA3E459A61BEAF14F0BE32C5493F');
CREATE INDEX episodes_by_source ON episodes (namespace_nid, source);
CREATE INDEX passages_by_namespace ON passages (namespace_nid);
CREATE INDEX passages_by_episode ON passages (episode_nid);
CREATE INDEX passages_by_vector ON passages (vector_key);
CREATE INDEX entities_by_namespace ON entities (namespace_nid);
CREATE INDEX mentions_by_entity ON mentions (entity_nid);
CREATE INDEX facts_by_namespace ON facts (namespace_nid);
CREATE INDEX roles_by_entity ON roles (entity_nid);
CREATE INDEX evidence_by_passage ON evidence (passage_nid);
CREATE UNIQUE INDEX discourse_key ON discourse (
        source_nid, target_nid, sense, connective,
        ifnull(passage_nid, -1), ifnull(start, -1), ifnull("end", -1)
    );
CREATE INDEX discourse_by_target ON discourse (target_nid);
CREATE INDEX discourse_by_passage ON discourse (passage_nid);
CREATE INDEX supersessions_by_older ON supersessions (older_nid);
CREATE INDEX same_as_by_right ON same_as (right_nid);
COMMIT;
