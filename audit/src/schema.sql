-- The ledger's tables. A fingerprint of what SQLite keeps of these statements stands in the first entry.

-- The entries. `body` is the truth; the other columns are caches of it that verification compares.
CREATE TABLE entries (
  idx  INTEGER PRIMARY KEY CHECK (idx BETWEEN 0 AND 9007199254740991),
  leaf BLOB NOT NULL CHECK (length(leaf) = 32),
  kind TEXT NOT NULL CHECK (kind IN ('genesis', 'run-start', 'finding', 'verdict-summary', 'waiver', 'sign-off',
                                     'erasure', 'legal-hold', 'key', 'run-end', 'recovery', 'migration')),
  run  TEXT NOT NULL,
  body BLOB NOT NULL CHECK (length(body) BETWEEN 2 AND 65535)
) STRICT;
CREATE INDEX entries_by_run ON entries (run, kind);

-- The hashes of the tree's full subtrees of 2^level leaves on every eighth level: a cache that saves reading all leaves.
CREATE TABLE nodes (
  level    INTEGER NOT NULL CHECK (level IN (8, 16, 24, 32, 40, 48)),
  position INTEGER NOT NULL CHECK (position >= 0),
  hash     BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;

-- The tree's size and root after each append, written in the same transaction as the entries.
CREATE TABLE heads (
  size INTEGER PRIMARY KEY CHECK (size > 0),
  root BLOB NOT NULL CHECK (length(root) = 32)
) STRICT;

-- Signed checkpoints, written after the entries were read back and hashed again.
CREATE TABLE notes (
  id   INTEGER PRIMARY KEY,
  size INTEGER NOT NULL CHECK (size > 0),
  text TEXT NOT NULL UNIQUE
) STRICT;
CREATE INDEX notes_by_size ON notes (size);

-- Bytes too many or too personal for an entry, by the salted commitment that the entry holds. The one table that may lose
-- rows: the log is whole without it, and without the salt the commitment tells nothing. No salt: a ledger of layout 1.
CREATE TABLE payloads (
  digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
  salt   BLOB NOT NULL CHECK (length(salt) IN (0, 32)),
  bytes  BLOB NOT NULL
) STRICT;

CREATE TRIGGER entries_have_no_gaps BEFORE INSERT ON entries
  WHEN NEW.idx IS NOT (SELECT coalesce(max(idx), -1) + 1 FROM entries)
  BEGIN SELECT raise(ABORT, 'entries are only appended'); END;
CREATE TRIGGER heads_only_grow BEFORE INSERT ON heads
  WHEN NEW.size <= (SELECT max(size) FROM heads)
  BEGIN SELECT raise(ABORT, 'heads only grow'); END;

CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
  BEGIN SELECT raise(ABORT, 'entries never change'); END;
CREATE TRIGGER entries_never_go BEFORE DELETE ON entries
  BEGIN SELECT raise(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER nodes_never_change BEFORE UPDATE ON nodes
  BEGIN SELECT raise(ABORT, 'nodes never change'); END;
CREATE TRIGGER nodes_never_go BEFORE DELETE ON nodes
  BEGIN SELECT raise(ABORT, 'nodes are never deleted'); END;
CREATE TRIGGER heads_never_change BEFORE UPDATE ON heads
  BEGIN SELECT raise(ABORT, 'heads never change'); END;
CREATE TRIGGER heads_never_go BEFORE DELETE ON heads
  BEGIN SELECT raise(ABORT, 'heads are never deleted'); END;
CREATE TRIGGER notes_never_change BEFORE UPDATE ON notes
  BEGIN SELECT raise(ABORT, 'notes never change'); END;
CREATE TRIGGER notes_never_go BEFORE DELETE ON notes
  BEGIN SELECT raise(ABORT, 'notes are never deleted'); END;
CREATE TRIGGER payloads_never_change BEFORE UPDATE ON payloads
  BEGIN SELECT raise(ABORT, 'payloads never change'); END;
