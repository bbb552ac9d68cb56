"""The board's checks in a form whose cost does not hang on what the planner took the tables for.

The lock keeps each look-up a query of its own, one for every selection and book, never a join. Without statistics the
join was planned for empty tables, and kept.
"""

from __future__ import annotations

from django.db import migrations

LOOKED_UP = """
CREATE OR REPLACE FUNCTION current_odds_belong() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT game_id, selection_id FROM fresh) AS wanted
        WHERE NOT EXISTS (
            SELECT FROM selections s WHERE s.game_id = wanted.game_id AND s.id = wanted.selection_id FOR KEY SHARE
        )
    ) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'insert on current_odds violates "current_odds_selection_is_of_its_game"',
            CONSTRAINT = 'current_odds_selection_is_of_its_game', TABLE = 'current_odds';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT bookmaker_id FROM fresh) AS wanted
        WHERE NOT EXISTS (SELECT FROM bookmakers b WHERE b.id = wanted.bookmaker_id FOR KEY SHARE)
    ) THEN
        RAISE foreign_key_violation USING
            MESSAGE = 'insert on current_odds violates "current_odds_have_a_bookmaker"',
            CONSTRAINT = 'current_odds_have_a_bookmaker', TABLE = 'current_odds';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION current_odds_go_with_their_selection() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    selection record;
BEGIN
    FOR selection IN SELECT game_id, id FROM gone LOOP
        DELETE FROM current_odds c WHERE c.game_id = selection.game_id AND c.selection_id = selection.id;
    END LOOP;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("odds", "0008_board_in_one_index")]

    operations = [migrations.RunSQL(LOOKED_UP, migrations.RunSQL.noop)]
