/**
 * The tables of the store, and the migrations of older ones. Step n migrates version n to n + 1 (PRAGMA user_version);
 * an empty database is version 0. A step that was released is never edited: every change is a new step. A newer
 * database is refused; an older one is copied first and then migrated in one transaction.
 */

import { QuorumError } from '../base/errors.ts'
import type { Database } from './database.ts'
import { groupTables } from './group-tables.ts'

/** Columns have the names of the fields of store.ts. Times are milliseconds since the epoch. */
const version1 = `
  CREATE TABLE setting (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE friend (
    peer TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    handle TEXT,
    state TEXT NOT NULL CHECK (state IN ('requested', 'incoming', 'friend', 'blocked', 'removed')),
    note TEXT,
    verified INTEGER NOT NULL,
    invited INTEGER NOT NULL,
    addedAt INTEGER NOT NULL,
    lastSeen INTEGER,
    nodes TEXT NOT NULL, -- JSON
    addresses TEXT NOT NULL, -- JSON
    sealingKey BLOB,
    sealingKeyExpiresAt INTEGER,
    heardSequence INTEGER NOT NULL,
    spokenSequence INTEGER NOT NULL,
    recordSequence INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE sealingKey (
    publicKey BLOB PRIMARY KEY,
    secretKey BLOB NOT NULL,
    createdAt INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE invite (
    token BLOB PRIMARY KEY,
    link TEXT NOT NULL,
    code TEXT NOT NULL,
    once INTEGER NOT NULL,
    createdAt INTEGER NOT NULL,
    expiresAt INTEGER NOT NULL,
    usedBy TEXT
  ) STRICT;

  CREATE TABLE mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the id of deleted mail is never given again
    "to" TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('request', 'answer', 'refusal')),
    content BLOB NOT NULL,
    deliveredAt INTEGER,
    UNIQUE ("to", kind)
  ) STRICT;

  CREATE TABLE conversation (
    peer TEXT PRIMARY KEY,
    queued INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    sentHash BLOB NOT NULL DEFAULT x'',
    delivered INTEGER NOT NULL DEFAULT 0,
    readByThem INTEGER NOT NULL DEFAULT 0,
    received INTEGER NOT NULL DEFAULT 0,
    receivedHash BLOB NOT NULL DEFAULT x'',
    readByMe INTEGER NOT NULL DEFAULT 0
  ) STRICT;

  CREATE TABLE message (
    position INTEGER PRIMARY KEY, -- the order in which messages were added here
    peer TEXT NOT NULL REFERENCES conversation,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    seq INTEGER NOT NULL,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    sentAt INTEGER NOT NULL,
    receivedAt INTEGER,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'delivered', 'read', 'recalled')),
    replyTo TEXT,
    transfer TEXT,
    hash BLOB,
    UNIQUE (peer, direction, seq)
  ) STRICT;
  CREATE UNIQUE INDEX messageId ON message (id, peer);
  CREATE INDEX messageShown ON message (peer, position) WHERE direction = 'out' OR state <> 'recalled';
  CREATE INDEX messageUnread ON message (peer) WHERE direction = 'in' AND state = 'delivered';

  -- Trigrams find any substring of three characters or more. The text itself stays in the message table.
  CREATE VIRTUAL TABLE messageText USING fts5 (
    text, content = 'message', content_rowid = 'position', tokenize = 'trigram'
  );
  INSERT INTO messageText (messageText, rank) VALUES ('secure-delete', 1);
  CREATE TRIGGER messageAdded AFTER INSERT ON message BEGIN
    INSERT INTO messageText (rowid, text) VALUES (new.position, new.text);
  END;
  CREATE TRIGGER messageErased AFTER UPDATE OF text ON message BEGIN
    INSERT INTO messageText (messageText, rowid, text) VALUES ('delete', old.position, old.text);
    INSERT INTO messageText (rowid, text) VALUES (new.position, new.text);
  END;
`

/** Transfers, and the messages with offers of them and status updates (`news`). */
const version2 = `
  ALTER TABLE message ADD COLUMN content TEXT NOT NULL DEFAULT 'text' CHECK (content IN ('text', 'offer', 'news'));
  ALTER TABLE message ADD COLUMN contentBytes BLOB;
  DROP INDEX messageShown;
  DROP INDEX messageUnread;
  CREATE INDEX messageShown ON message (peer, position)
    WHERE (direction = 'out' OR state <> 'recalled') AND content <> 'news';
  CREATE INDEX messageUnread ON message (peer)
    WHERE direction = 'in' AND state = 'delivered' AND content <> 'news';

  CREATE TABLE transfer (
    position INTEGER PRIMARY KEY, -- the order in which transfers were added here
    id TEXT NOT NULL UNIQUE,
    peer TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    state TEXT NOT NULL CHECK (state IN ('offered', 'accepted', 'done', 'declined', 'cancelled', 'failed')),
    pausedByMe INTEGER NOT NULL,
    pausedByThem INTEGER NOT NULL,
    message TEXT NOT NULL,
    offeredAt INTEGER NOT NULL,
    offer BLOB NOT NULL,
    manifest BLOB,
    sources TEXT, -- JSON
    directory TEXT,
    places TEXT NOT NULL, -- JSON
    savedTo TEXT,
    doneBytes INTEGER NOT NULL,
    errorCode TEXT,
    errorMessage TEXT
  ) STRICT;
  CREATE INDEX transferOf ON transfer (peer, position);
`

/** When a friend request was last shown as new, and when it was last declined. */
const version3 = `
  ALTER TABLE friend ADD COLUMN rangAt INTEGER;
  ALTER TABLE friend ADD COLUMN declinedAt INTEGER;
`

/**
 * The allowance of each friend. The index holds the beginning of a message only: trigrams take three times the room of
 * the text, and nobody types 4,096 characters to be found.
 */
const version4 = `
  ALTER TABLE conversation ADD COLUMN taken INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE conversation ADD COLUMN takenAt INTEGER NOT NULL DEFAULT 0;
  DROP TRIGGER messageAdded;
  DROP TRIGGER messageErased;
  DROP TABLE messageText;
  CREATE VIEW messageBeginning (position, text) AS SELECT position, substr(text, 1, 4096) FROM message;
  CREATE VIRTUAL TABLE messageText USING fts5 (
    text, content = 'messageBeginning', content_rowid = 'position', tokenize = 'trigram'
  );
  INSERT INTO messageText (messageText, rank) VALUES ('secure-delete', 1);
  INSERT INTO messageText (messageText) VALUES ('rebuild');
  CREATE TRIGGER messageAdded AFTER INSERT ON message BEGIN
    INSERT INTO messageText (rowid, text) VALUES (new.position, substr(new.text, 1, 4096));
  END;
  CREATE TRIGGER messageErased AFTER UPDATE OF text ON message BEGIN
    INSERT INTO messageText (messageText, rowid, text) VALUES ('delete', old.position, substr(old.text, 1, 4096));
    INSERT INTO messageText (rowid, text) VALUES (new.position, substr(new.text, 1, 4096));
  END;
`

/**
 * Which files of a transfer do not arrive, as bits (wire/entry-bits.ts). What somebody blocked was before, and since
 * when a request waits for their answer.
 */
const version5 = `
  ALTER TABLE transfer ADD COLUMN missing BLOB;
  ALTER TABLE friend ADD COLUMN blockedAs TEXT CHECK (blockedAs IN ('friend', 'incoming'));
  ALTER TABLE friend ADD COLUMN askedAt INTEGER;
`

/**
 * The search finds folded text (base/folded-text.ts), also the names of offered files. `folded` is absent where it is
 * the text in lower case. The older messages are folded later, a few at a time, up to the position in the setting
 * `unfolded`: making the index of a large profile anew takes many seconds.
 */
const version6 = `
  ALTER TABLE message ADD COLUMN folded TEXT;
  INSERT INTO setting (key, value)
    SELECT 'unfolded', CAST(CAST(max(position) AS TEXT) AS BLOB) FROM message HAVING max(position) IS NOT NULL;
  DROP TRIGGER messageAdded;
  DROP TRIGGER messageErased;
  DROP VIEW messageBeginning;
  CREATE VIEW messageBeginning (position, text) AS
    SELECT position, coalesce(folded, substr(text, 1, 4096)) FROM message;
  CREATE TRIGGER messageAdded AFTER INSERT ON message BEGIN
    INSERT INTO messageText (rowid, text) VALUES (new.position, coalesce(new.folded, substr(new.text, 1, 4096)));
  END;
  CREATE TRIGGER messageErased AFTER UPDATE OF text, folded ON message BEGIN
    INSERT INTO messageText (messageText, rowid, text)
      VALUES ('delete', old.position, coalesce(old.folded, substr(old.text, 1, 4096)));
    INSERT INTO messageText (rowid, text) VALUES (new.position, coalesce(new.folded, substr(new.text, 1, 4096)));
  END;
`

/**
 * A summary of each transfer (JSON; transfer-summary.ts), so that a list of transfers reads no offers; those of older
 * ones are made when they are first read. The offer, which may be long, becomes the last column: SQLite reads a row up
 * to what it is asked for. Manifests in parts of 1 MiB, so that serving one needs no more memory. The indexes have the
 * transfers that may not be over, received ones that wait for an answer, and those of which nothing is here.
 */
const version7 = `
  ALTER TABLE transfer ADD COLUMN summary TEXT;
  ALTER TABLE transfer ADD COLUMN entries INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE transfer ADD COLUMN lastOffer BLOB NOT NULL DEFAULT x'';
  UPDATE transfer SET lastOffer = offer;
  ALTER TABLE transfer DROP COLUMN offer;
  ALTER TABLE transfer RENAME COLUMN lastOffer TO offer;
  CREATE TABLE manifestPart (
    transfer TEXT NOT NULL,
    part INTEGER NOT NULL, -- from 0
    bytes BLOB NOT NULL,
    UNIQUE (transfer, part)
  ) STRICT;
  WITH RECURSIVE piece (transfer, part) AS (
    SELECT id, 0 FROM transfer WHERE length(manifest) > 0
    UNION ALL
    SELECT piece.transfer, part + 1 FROM piece JOIN transfer ON id = piece.transfer
      WHERE (part + 1) * 1048576 < length(manifest)
  )
  INSERT INTO manifestPart (transfer, part, bytes)
    SELECT piece.transfer, part, substr(manifest, part * 1048576 + 1, 1048576)
    FROM piece JOIN transfer ON id = piece.transfer;
  ALTER TABLE transfer DROP COLUMN manifest;
  CREATE INDEX transferOpen ON transfer (peer, position) WHERE state IN ('offered', 'accepted', 'failed');
  CREATE INDEX transferUnanswered ON transfer (peer, entries) WHERE direction = 'in' AND state = 'offered';
  CREATE INDEX transferEnded ON transfer (peer, position)
    WHERE direction = 'in' AND state IN ('declined', 'cancelled', 'failed');
`

/** The hash of the last own message that the friend holds, which may be missing here. */
const version8 = `
  ALTER TABLE conversation ADD COLUMN deliveredHash BLOB NOT NULL DEFAULT x'';
  UPDATE conversation SET deliveredHash = hash FROM message
    WHERE message.peer = conversation.peer AND direction = 'out' AND seq = delivered AND hash IS NOT NULL;
`

/** The X-Wing halves of sealing keys, of friends and own. */
const version9 = `
  ALTER TABLE friend ADD COLUMN hybridKey BLOB;
  ALTER TABLE sealingKey ADD COLUMN hybridKey BLOB;
  ALTER TABLE sealingKey ADD COLUMN hybridSeed BLOB;
`

/** Parcels (store/mail.ts). The kinds of envelopes are left to those who read them. */
const version10 = `
  CREATE TABLE letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the id of a deleted envelope is never given again
    "to" TEXT NOT NULL,
    kind TEXT NOT NULL,
    content BLOB NOT NULL,
    deliveredAt INTEGER,
    UNIQUE ("to", kind)
  ) STRICT;
  INSERT INTO letter SELECT id, "to", kind, content, deliveredAt FROM mail;
  DROP TABLE mail;
  ALTER TABLE letter RENAME TO mail;
  ALTER TABLE message ADD COLUMN leftAt INTEGER;
  CREATE TABLE word (
    peer TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    counted INTEGER NOT NULL,
    features TEXT NOT NULL, -- JSON
    ticket BLOB NOT NULL,
    theirTicket BLOB NOT NULL,
    era BLOB NOT NULL,
    nextKey INTEGER NOT NULL,
    keysHeld INTEGER NOT NULL,
    keysTop INTEGER NOT NULL,
    theirEra BLOB NOT NULL,
    top INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    floorUntil INTEGER NOT NULL,
    owed INTEGER NOT NULL,
    unopened BLOB NOT NULL, -- ids of 16 bytes
    hole INTEGER NOT NULL,
    stoodAt INTEGER NOT NULL,
    answeredAt INTEGER NOT NULL,
    stoodNumber INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE givenKey (
    peer TEXT NOT NULL,
    era BLOB NOT NULL,
    number INTEGER NOT NULL,
    keyId BLOB NOT NULL,
    seed BLOB NOT NULL,
    createdAt INTEGER NOT NULL,
    UNIQUE (peer, keyId)
  ) STRICT;
  CREATE TABLE heldKey (
    peer TEXT NOT NULL,
    number INTEGER NOT NULL,
    publicKey BLOB NOT NULL,
    receivedAt INTEGER NOT NULL,
    UNIQUE (peer, number)
  ) STRICT;
  CREATE TABLE parcel (
    id BLOB NOT NULL UNIQUE,
    peer TEXT NOT NULL,
    first INTEGER NOT NULL,
    upTo INTEGER NOT NULL,
    keyNumber INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    leftAt INTEGER NOT NULL,
    anew INTEGER NOT NULL,
    sealed BLOB NOT NULL
  ) STRICT;
  CREATE INDEX parcelOfPeer ON parcel (peer);
  CREATE TABLE knownParcel (
    id BLOB NOT NULL UNIQUE,
    peer TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    toldAt INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX knownParcelOfPeer ON knownParcel (peer, at);
`

/** The search folds more than before: every message is folded anew, as in version 6. */
const version11 = `
  INSERT OR REPLACE INTO setting (key, value)
    SELECT 'unfolded', CAST(CAST(max(position) AS TEXT) AS BLOB) FROM message HAVING max(position) IS NOT NULL;
`

export const migrations: readonly string[] = [
  version1,
  version2,
  version3,
  version4,
  version5,
  version6,
  version7,
  version8,
  version9,
  version10,
  version11,
  groupTables,
]

/**
 * Migrates `database` to the newest of `steps`. `backUp` is called with the old version before an older, non-empty
 * database is changed. Errors: `unsupported-version` (newer than `steps`), and those of the database.
 */
export function migrate(database: Database, steps: readonly string[], backUp: (version: number) => void): void {
  const version = database.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
  if (version > steps.length) {
    throw new QuorumError('unsupported-version', 'This profile was written by a newer Quorum')
  }
  if (version === steps.length) return
  if (version > 0) backUp(version)
  database.transaction(() => {
    for (const step of steps.slice(version)) database.exec(step)
    database.exec(`PRAGMA user_version = ${steps.length}`)
  })
}
