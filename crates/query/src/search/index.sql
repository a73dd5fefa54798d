-- What can be found. The rowid is its sort's rank, and below that a number that grows: so the order of
-- rowids is the order in which things are shown.
CREATE TABLE document (
  rowid INTEGER PRIMARY KEY,
  sort TEXT NOT NULL,
  id TEXT NOT NULL,
  title TEXT NOT NULL,
  detail TEXT NOT NULL,
  state TEXT NOT NULL,
  date TEXT NOT NULL,
  minor INTEGER,
  currency TEXT,
  -- Of orders only: who ordered, when it was placed in microseconds, and why it ended, once it has.
  customer TEXT,
  placed INTEGER,
  reason TEXT,
  UNIQUE (id, sort)
);
-- Lists of orders, of which few may be wanted out of many. An index ends with the rowid, and so with the order
-- in which they are shown.
CREATE INDEX order_state ON document (state) WHERE sort = 'orders';
CREATE INDEX order_reason ON document (reason) WHERE reason IS NOT NULL;
CREATE INDEX order_customer ON document (customer) WHERE customer IS NOT NULL;
-- The words by which it is found, in their one form: no mark may end one, and nothing is left to fold.
-- Only rowids are wanted of it.
CREATE VIRTUAL TABLE words USING fts5 (
  text, content = '', contentless_delete = 1, prefix = '2 3 4',
  tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* Co'"
);
-- Every word of every name, for the forgiving of slips.
CREATE TABLE spelling (rowid INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE grams USING fts5 (
  word, content = '', detail = none, tokenize = 'trigram'
);
