CREATE TABLE state (position INTEGER NOT NULL);
INSERT INTO state VALUES (0);

CREATE TABLE cases (
  first        INTEGER PRIMARY KEY, -- position of the first event
  position     INTEGER NOT NULL,
  version      INTEGER NOT NULL,
  recorded     INTEGER NOT NULL,    -- times are microseconds since 1970, UTC; 0 is "not"
  number       TEXT NOT NULL,
  stage        TEXT NOT NULL,
  channel      TEXT NOT NULL,
  class        TEXT NOT NULL,
  category     TEXT NOT NULL,
  street       TEXT NOT NULL,
  unit         TEXT NOT NULL,
  officer      TEXT NOT NULL,
  bureau       TEXT NOT NULL,
  summary      TEXT NOT NULL,
  petitioner   TEXT NOT NULL,       -- masked
  subject      BLOB,                -- key in the vault
  headcount    INTEGER NOT NULL,
  received     INTEGER NOT NULL,
  registered   INTEGER NOT NULL,
  closed       INTEGER NOT NULL,
  open         INTEGER NOT NULL,
  restricted   INTEGER NOT NULL,
  urgent       INTEGER NOT NULL,
  repeat       INTEGER NOT NULL,
  gap          INTEGER NOT NULL,
  late         INTEGER NOT NULL,
  curing       INTEGER NOT NULL,
  corrected    INTEGER NOT NULL,
  returned     INTEGER NOT NULL,
  extended     INTEGER NOT NULL,
  due_s        INTEGER NOT NULL,    -- of the running clock that runs out first, statutory; 1<<62 is none
  due_s_clock  TEXT NOT NULL,
  due_d        INTEGER NOT NULL,    -- district
  due_d_clock  TEXT NOT NULL,
  wait_unit    TEXT NOT NULL,
  wait_officer TEXT NOT NULL,
  facts        BLOB NOT NULL        -- measure.Facts
);

-- Which units ever held which case, for the report on a unit.
CREATE TABLE involved (unit TEXT NOT NULL, first INTEGER NOT NULL, PRIMARY KEY (unit, first)) WITHOUT ROWID;

-- Contentless: the words of a row are derived from it and not kept twice.
CREATE VIRTUAL TABLE words USING fts5(
  body, content='', contentless_delete=1, detail=full,
  tokenize="unicode61 remove_diacritics 0"
);
