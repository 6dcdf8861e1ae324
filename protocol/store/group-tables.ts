/**
 * The tables of groups (store/group-store.ts): the migration of version 11. What is said in groups is found by an index
 * of its own, since what is shown of it can change. A message to a friend that is about a group has a column of its
 * own, because the table allows no other content.
 */
export const groupTables = `
  ALTER TABLE message ADD COLUMN groupContent TEXT; -- invitation or joining
  CREATE TABLE "group" (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    name TEXT NOT NULL,
    mark BLOB NOT NULL,
    createdAt INTEGER NOT NULL,
    muted INTEGER NOT NULL,
    inviter TEXT,
    invitation BLOB,
    invited TEXT NOT NULL -- JSON: the members that the invitation names, and how many there are
  ) STRICT;
  CREATE TABLE groupDecision (
    position INTEGER PRIMARY KEY, -- the order in which they were added here
    "group" INTEGER NOT NULL REFERENCES "group" ON DELETE CASCADE,
    hash TEXT NOT NULL,
    signed BLOB NOT NULL,
    UNIQUE ("group", hash)
  ) STRICT;
  CREATE TABLE groupChain (
    number INTEGER PRIMARY KEY,
    "group" INTEGER NOT NULL REFERENCES "group" ON DELETE CASCADE,
    chain TEXT NOT NULL,
    author TEXT,
    admission TEXT,
    baseSequence INTEGER NOT NULL,
    baseHash TEXT NOT NULL,
    lastSequence INTEGER NOT NULL,
    lastHash TEXT NOT NULL,
    forkAt INTEGER,
    holes TEXT NOT NULL, -- JSON
    counted INTEGER NOT NULL,
    UNIQUE ("group", chain)
  ) STRICT;
  CREATE TABLE groupEntry (
    position INTEGER PRIMARY KEY, -- the order in which they were added here
    "group" INTEGER NOT NULL REFERENCES "group" ON DELETE CASCADE,
    chain INTEGER NOT NULL REFERENCES groupChain ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL,
    lamport INTEGER NOT NULL,
    id TEXT NOT NULL,
    time INTEGER NOT NULL,
    receivedAt INTEGER,
    aside INTEGER NOT NULL, -- it is of a chain that forks, or the proof of that
    shown INTEGER NOT NULL,
    read INTEGER NOT NULL,
    content TEXT NOT NULL, -- text, offer, news or unknown
    text TEXT NOT NULL,
    folded TEXT,
    replyTo TEXT,
    transfer TEXT,
    signed BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX groupEntryInPlace ON groupEntry (chain, sequence) WHERE aside = 0;
  CREATE INDEX groupEntryAside ON groupEntry (chain) WHERE aside = 1;
  CREATE INDEX groupEntryId ON groupEntry ("group", id);
  CREATE INDEX groupEntryShown ON groupEntry ("group", lamport) WHERE shown = 1 AND content <> 'news';
  CREATE INDEX groupEntryUnread ON groupEntry ("group") WHERE shown = 1 AND read = 0 AND content <> 'news';
  CREATE VIEW groupEntryBeginning (position, text) AS
    SELECT position, coalesce(folded, substr(text, 1, 4096)) FROM groupEntry;
  CREATE VIRTUAL TABLE groupText USING fts5 (
    text, content = 'groupEntryBeginning', content_rowid = 'position', tokenize = 'trigram'
  );
  INSERT INTO groupText (groupText, rank) VALUES ('secure-delete', 1);
  CREATE TRIGGER groupEntryAdded AFTER INSERT ON groupEntry BEGIN
    INSERT INTO groupText (rowid, text) VALUES (new.position, coalesce(new.folded, substr(new.text, 1, 4096)));
  END;
  CREATE TRIGGER groupEntryDropped AFTER DELETE ON groupEntry BEGIN
    INSERT INTO groupText (groupText, rowid, text)
      VALUES ('delete', old.position, coalesce(old.folded, substr(old.text, 1, 4096)));
  END;
  CREATE TABLE groupCard (
    "group" INTEGER NOT NULL REFERENCES "group" ON DELETE CASCADE,
    member TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    signed BLOB NOT NULL,
    UNIQUE ("group", member)
  ) STRICT;
  CREATE TABLE groupInvitation (
    "group" INTEGER NOT NULL REFERENCES "group" ON DELETE CASCADE,
    invitation BLOB NOT NULL,
    peer TEXT NOT NULL,
    history TEXT NOT NULL,
    invitedAt INTEGER NOT NULL,
    joining BLOB, -- what who is invited has answered, until they are added
    UNIQUE ("group", invitation)
  ) STRICT;
  CREATE TABLE groupParcel (
    "group" INTEGER NOT NULL REFERENCES "group" ON DELETE CASCADE,
    id BLOB NOT NULL UNIQUE,
    member TEXT NOT NULL,
    chain TEXT NOT NULL,
    upTo INTEGER NOT NULL,
    decisions INTEGER NOT NULL,
    ticket BLOB NOT NULL,
    leftAt INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE groupSeen (
    "group" INTEGER NOT NULL REFERENCES "group" ON DELETE CASCADE,
    chain TEXT NOT NULL,
    member TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    UNIQUE ("group", chain, member)
  ) STRICT;
`
