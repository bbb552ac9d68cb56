"""``current_odds`` with one index, and with foreign keys that are checked set by set.

A foreign key is looked up row by row, which took twice as long as writing the rows. Each row of the board is written
with a row of the archive that says the same game, selection and book, and whose foreign keys stand; what remains here
is one trigger a statement. It takes the same locks as a foreign key does.
"""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

ONE_INDEX = """
ALTER TABLE current_odds
    DROP CONSTRAINT current_odds_pkey,
    DROP CONSTRAINT one_price_per_line_and_book,
    ADD COLUMN line numeric(8, 2) NOT NULL GENERATED ALWAYS AS (coalesce(point, 'NaN')) STORED,
    ADD CONSTRAINT one_price_per_line_and_book PRIMARY KEY (game_id, selection_id, bookmaker_id, line);
DROP INDEX current_odds_selection;
"""
THREE_INDEXES = """
ALTER TABLE current_odds
    DROP CONSTRAINT one_price_per_line_and_book,
    DROP COLUMN line,
    ADD CONSTRAINT current_odds_pkey PRIMARY KEY (game_id, id),
    ADD CONSTRAINT one_price_per_line_and_book UNIQUE NULLS NOT DISTINCT
        (game_id, selection_id, bookmaker_id, point);
CREATE INDEX current_odds_selection ON current_odds (selection_id);
"""

CHECKED_BY_SET = """
ALTER TABLE current_odds
    DROP CONSTRAINT current_odds_have_a_bookmaker,
    DROP CONSTRAINT current_odds_selection_is_of_its_game;

CREATE FUNCTION current_odds_belong() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = on SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
BEGIN
    IF (SELECT count(*) FROM (SELECT DISTINCT game_id, selection_id FROM fresh) AS wanted) <> (
        SELECT count(*) FROM (
            SELECT FROM selections s JOIN (SELECT DISTINCT game_id, selection_id FROM fresh) AS wanted
                ON s.game_id = wanted.game_id AND s.id = wanted.selection_id
            FOR KEY SHARE OF s
        ) AS found
    ) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'insert on current_odds violates "current_odds_selection_is_of_its_game"',
            CONSTRAINT = 'current_odds_selection_is_of_its_game', TABLE = 'current_odds';
    END IF;
    IF (SELECT count(DISTINCT bookmaker_id) FROM fresh) <> (
        SELECT count(*) FROM (
            SELECT FROM bookmakers b JOIN (SELECT DISTINCT bookmaker_id FROM fresh) AS wanted
                ON b.id = wanted.bookmaker_id
            FOR KEY SHARE OF b
        ) AS found
    ) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'insert on current_odds violates "current_odds_have_a_bookmaker"',
            CONSTRAINT = 'current_odds_have_a_bookmaker', TABLE = 'current_odds';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER belong AFTER INSERT ON current_odds REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION current_odds_belong();

CREATE FUNCTION current_odds_keep_their_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE foreign_key_violation USING
        MESSAGE = 'current_odds keep their game, selection and bookmaker: remove the row and add another',
        CONSTRAINT = 'current_odds_keep_their_line', TABLE = 'current_odds';
END $$;
CREATE TRIGGER keep_their_line BEFORE UPDATE OF game_id, selection_id, bookmaker_id ON current_odds
    FOR EACH ROW WHEN ((OLD.game_id, OLD.selection_id, OLD.bookmaker_id)
        IS DISTINCT FROM (NEW.game_id, NEW.selection_id, NEW.bookmaker_id))
    EXECUTE FUNCTION current_odds_keep_their_line();

CREATE FUNCTION current_odds_go_with_their_selection() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = on SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
AS $$
BEGIN
    DELETE FROM current_odds c USING gone WHERE c.game_id = gone.game_id AND c.selection_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER current_odds_go AFTER DELETE ON selections REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION current_odds_go_with_their_selection();

CREATE FUNCTION current_odds_hold_their_bookmaker() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM current_odds c JOIN gone ON c.bookmaker_id = gone.id) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'delete on bookmakers violates "current_odds_have_a_bookmaker"',
            CONSTRAINT = 'current_odds_have_a_bookmaker', TABLE = 'bookmakers';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER current_odds_hold AFTER DELETE ON bookmakers REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION current_odds_hold_their_bookmaker();
"""
CHECKED_BY_ROW = """
DROP TRIGGER current_odds_hold ON bookmakers;
DROP TRIGGER current_odds_go ON selections;
DROP TRIGGER keep_their_line ON current_odds;
DROP TRIGGER belong ON current_odds;
DROP FUNCTION current_odds_hold_their_bookmaker(), current_odds_go_with_their_selection(),
    current_odds_keep_their_line(), current_odds_belong();
ALTER TABLE current_odds
    ADD CONSTRAINT current_odds_have_a_bookmaker
        FOREIGN KEY (bookmaker_id) REFERENCES bookmakers (id) ON DELETE RESTRICT,
    ADD CONSTRAINT current_odds_selection_is_of_its_game
        FOREIGN KEY (game_id, selection_id) REFERENCES selections (game_id, id) ON DELETE CASCADE;
"""
ROOM = "ALTER TABLE heartbeats SET (fillfactor = 50)"
NO_ROOM = "ALTER TABLE heartbeats RESET (fillfactor)"
"""Room for a second version of each row on its page: a poll rewrites them all and touches no index."""


class Migration(migrations.Migration):
    dependencies = [("odds", "0007_one_index_of_the_archive")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(ONE_INDEX, THREE_INDEXES),
                migrations.RunSQL(CHECKED_BY_SET, CHECKED_BY_ROW),
            ],
            state_operations=[
                migrations.RemoveIndex(model_name="currentodds", name="current_odds_selection"),
            ],
        ),
        migrations.AlterField(
            model_name="heartbeat",
            name="bookmaker",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="heartbeats",
                to="odds.bookmaker",
            ),
        ),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]
