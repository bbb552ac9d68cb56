"""Tags of many bets at once, and taking that back; each bet keeps an event of what changed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Final

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.ids import uuid7
from accounts.models import User
from bets.clock import database_now
from bets.exceptions import NotAllowed, NotPossible, Refused
from bets.models import Bet, TagEdit
from bets.placement.asked import MAX_TAG, MAX_TAGS, UNSTORABLE
from bets.stats.scope import ids_of

RETAG: Final = f"""
WITH locked AS MATERIALIZED (
    SELECT id, revision, tags FROM bets WHERE user_id = %s AND withdrawn_at IS NULL AND id IN ({{chosen}})
    ORDER BY id FOR NO KEY UPDATE
), wanted AS (
    SELECT id, revision, tags, coalesce((
        SELECT array_agg(tag ORDER BY place) FROM (
            SELECT tag, min(place) AS place
            FROM unnest(tags || %s::varchar[]) WITH ORDINALITY AS one (tag, place)
            WHERE tag <> ALL(%s::varchar[]) GROUP BY tag
        ) kept
    ), '{{{{}}}}') AS after FROM locked
), changed AS (
    UPDATE bets b SET tags = w.after FROM wanted w
    WHERE b.id = w.id AND w.after <> w.tags AND cardinality(w.after) <= {MAX_TAGS}
    RETURNING b.id, w.revision, w.tags, w.after
), noted AS (
    INSERT INTO bet_events (bet_id, revision, kind, by_id, reason, data, at)
    SELECT id, revision, 'edited', %s, '', jsonb_build_object(
        'tags', jsonb_build_object('from', to_jsonb(tags), 'to', to_jsonb(after)), 'tag_edit', %s::text
    ), %s FROM changed RETURNING bet_id
)
SELECT array_agg(bet_id), (
    SELECT count(*) FROM wanted WHERE after <> tags AND cardinality(after) > {MAX_TAGS}
) FROM noted
"""  # noqa: S608 - put together from constants
"""Locks the bets, puts tags on and takes tags off in their order, and notes it: one statement however many bets."""

UNDO: Final = f"""
WITH before AS (
    SELECT e.bet_id, e.data #> '{{tags,from}}' AS was, e.data #> '{{tags,to}}' AS became
    FROM bet_events e WHERE e.bet_id = ANY(%s::uuid[]) AND e.at = %s AND e.data ->> 'tag_edit' = %s
), locked AS MATERIALIZED (
    SELECT b.id, b.revision, b.tags, before.was, before.became FROM bets b JOIN before ON before.bet_id = b.id
    WHERE b.user_id = %s AND b.withdrawn_at IS NULL ORDER BY b.id FOR NO KEY UPDATE OF b
), wanted AS (
    SELECT id, revision, tags, coalesce((
        SELECT array_agg(tag::varchar ORDER BY place) FROM (
            SELECT tag, min(place) AS place FROM (
                SELECT tag, place FROM jsonb_array_elements_text(was) WITH ORDINALITY AS old (tag, place)
                WHERE tag = ANY(tags) OR NOT became ? tag
                UNION ALL
                SELECT tag, 100 + place FROM unnest(tags) WITH ORDINALITY AS now (tag, place)
                WHERE was ? tag OR NOT became ? tag
            ) every GROUP BY tag
        ) kept
    ), '{{}}') AS after FROM locked
), changed AS (
    UPDATE bets b SET tags = w.after FROM wanted w
    WHERE b.id = w.id AND w.after <> w.tags AND cardinality(w.after) <= {MAX_TAGS}
    RETURNING b.id, w.revision, w.tags, w.after
), noted AS (
    INSERT INTO bet_events (bet_id, revision, kind, by_id, reason, data, at)
    SELECT id, revision, 'edited', %s, 'Tags put back', jsonb_build_object(
        'tags', jsonb_build_object('from', to_jsonb(tags), 'to', to_jsonb(after))
    ), %s FROM changed RETURNING bet_id
)
SELECT count(*) FROM noted
"""  # noqa: S608 - put together from constants
"""Puts back what the edit took off and takes off what it put on; whatever was changed since stays changed."""


class BadTag(Refused):
    """A tag that cannot be kept; the message says why."""


def clean_tags(tags: Iterable[str], field: str = "tags") -> list[str]:
    """Return the tags without blanks around them, each once, in order. Raises BadTag for the field."""
    found = list(dict.fromkeys(filter(None, (" ".join(tag.split()) for tag in tags))))
    for tag in found:
        if len(tag) > MAX_TAG:
            raise BadTag(f"A tag has at most {MAX_TAG} letters.", field=field)
        if UNSTORABLE.search(tag) or "," in tag:
            raise BadTag("A tag holds letters, digits and signs, but no comma.", field=field)
    if len(found) > MAX_TAGS:
        raise BadTag(f"A bet has at most {MAX_TAGS} tags.", field=field)
    return found


@transaction.atomic
def retag(
    *,
    bets: QuerySet[Bet],
    by: User,
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
    now: dt.datetime | None = None,
) -> TagEdit | None:
    """Put tags on the person's bets of a queryset and take others off, as one edit that can be undone.

    Returns the edit, whose ``bet_ids`` are the bets that it changed; None if it changed none. Raises BadTag, also
    where a bet would have more tags than it may: then nothing is changed.
    """
    added, removed = clean_tags(add, "add"), clean_tags(remove, "remove")
    if not added and not removed:
        raise BadTag("Name a tag.", field="add")
    if both := set(added) & set(removed):
        raise BadTag(f"“{min(both)}” cannot be added and removed at once.", field="remove")
    at, key = now or database_now(), uuid7()
    chosen, given = ids_of(bets)
    with connection.cursor() as cursor:
        cursor.execute(RETAG.format(chosen=chosen), [by.pk, *given, added, removed, by.pk, str(key), at])
        changed, overfull = cursor.fetchone()
    if overfull:
        words = f"{overfull} of these bets would have more than {MAX_TAGS} tags. Nothing was changed."
        raise BadTag(words, field="add")
    if not changed:
        return None
    return TagEdit.objects.create(id=key, user=by, added=added, removed=removed, bet_ids=changed, at=at)


@transaction.atomic
def undo_retag(*, edit_id: uuid.UUID, by: User, now: dt.datetime | None = None) -> int:
    """Take an edit of tags back; returns how many bets changed. Raises NotAllowed, NotPossible the second time."""
    edit = TagEdit.objects.select_for_update().filter(pk=edit_id, user=by).first()
    if edit is None:
        raise NotAllowed("You have made no such change.")
    if edit.undone_at is not None:
        raise NotPossible("These tags have been put back already.")
    at = max(now or database_now(), edit.at)
    with connection.cursor() as cursor:
        cursor.execute(UNDO, [edit.bet_ids, edit.at, str(edit.pk), by.pk, by.pk, at])
        count: int = cursor.fetchone()[0]
    edit.undone_at = at
    edit.save(update_fields=["undone_at"])
    return count
