"""What ``current_odds`` point to keeps its key: the foreign keys that refused to change one under a price are gone."""

from __future__ import annotations

from django.db import migrations

KEYS_STAY = """
CREATE FUNCTION key_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE foreign_key_violation USING
        MESSAGE = format('%s keep their key: prices point to it', TG_TABLE_NAME),
        CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER selection_keeps_its_key BEFORE UPDATE OF id, game_id ON selections
    FOR EACH ROW WHEN ((OLD.id, OLD.game_id) IS DISTINCT FROM (NEW.id, NEW.game_id)) EXECUTE FUNCTION key_stays();
CREATE TRIGGER bookmaker_keeps_its_key BEFORE UPDATE OF id ON bookmakers
    FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id) EXECUTE FUNCTION key_stays();
"""
KEYS_MAY_CHANGE = """
DROP TRIGGER bookmaker_keeps_its_key ON bookmakers;
DROP TRIGGER selection_keeps_its_key ON selections;
DROP FUNCTION key_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("odds", "0009_board_checked_key_by_key")]

    operations = [migrations.RunSQL(KEYS_STAY, KEYS_MAY_CHANGE)]
