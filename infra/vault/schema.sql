PRAGMA user_version = 1;

-- One row. Derived from the master key, to recognise it.
CREATE TABLE vault (check_value BLOB NOT NULL);

CREATE TABLE keys (
	subject    BLOB NOT NULL PRIMARY KEY, -- UUID, 16 bytes
	wrapped    BLOB,                      -- the data key; NULL once it is destroyed
	commitment TEXT,                      -- to the data key, which it outlives; NULL if there never was one
	erased_at  INTEGER,                   -- nanoseconds since the Unix epoch, UTC
	authority  BLOB                       -- UUID of the event ErasureAuthorised
) WITHOUT ROWID;

-- The blind index: who goes by a name, without the name.
CREATE TABLE terms (
	tag     BLOB NOT NULL,
	subject BLOB NOT NULL,
	PRIMARY KEY (tag, subject)
) WITHOUT ROWID;
CREATE INDEX terms_by_subject ON terms (subject);
