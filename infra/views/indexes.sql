-- Built after the rows in a rebuild, which is several times faster.
CREATE UNIQUE INDEX cases_number ON cases (number);
CREATE INDEX cases_wait ON cases (wait_unit, wait_officer) WHERE open;
CREATE INDEX cases_subject ON cases (subject) WHERE subject IS NOT NULL;

-- An index for each order of a list, with all that a filter may ask about: a list
-- is filtered in the index, in order, and only the rows of the page are read.
CREATE INDEX cases_due_s ON cases (due_s, first, stage, unit, open, restricted, channel, class, street, category, officer, received, due_s_clock, late, curing, corrected, returned, extended, gap, repeat);
CREATE INDEX cases_due_d ON cases (due_d, first, stage, unit, open, restricted, channel, class, street, category, officer, received, due_d_clock, late, curing, corrected, returned, extended, gap, repeat);
CREATE INDEX cases_received ON cases (received DESC, first DESC, stage, unit, open, restricted, channel, class, street, category, officer, late, curing, corrected, returned, extended, gap, repeat);
CREATE INDEX cases_unit ON cases (unit, due_s, first, stage, open, restricted, channel, class, street, category, officer, received, late, curing, corrected, returned, extended, gap, repeat);
