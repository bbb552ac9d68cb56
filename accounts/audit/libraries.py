"""Tables of Django and allauth that are tracked. Their triggers are in migration 0007, word for word.

pgtrigger writes migrations into the app of a model, and these apps are not ours. Whoever changes an entry here adds a
migration with what ``statements`` returns; a test compares the database with it.
"""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps

from accounts.audit.tracking import Note, NoteDeletes, NoteInserts, NoteUpdates, Tracked

OF_USER: Final = "{row}.user_id"
LIBRARIES: Final = {
    "auth.Group": Tracked(),
    "auth.Group_permissions": Tracked(object_id="{row}.group_id"),
    "accounts.User_groups": Tracked(object_id=OF_USER, owner=OF_USER),
    "accounts.User_user_permissions": Tracked(object_id=OF_USER, owner=OF_USER),
    "account.EmailAddress": Tracked(object_id=OF_USER, owner=OF_USER),
    "mfa.Authenticator": Tracked(hidden=["data"], quiet=["last_used_at"], object_id=OF_USER, owner=OF_USER),
    "socialaccount.SocialAccount": Tracked(
        hidden=["uid", "extra_data"], quiet=["last_login"], object_id=OF_USER, owner=OF_USER
    ),
}


def notes_of(tracked: Tracked) -> list[Note]:
    return [NoteInserts(tracked), NoteUpdates(tracked), NoteDeletes(tracked)]


def statements(label: str) -> list[str]:
    """What installs the triggers of a library's model."""
    model = apps.get_model(label)
    return [statement(note, model) for note in notes_of(LIBRARIES[label])]


def statement(note: Note, model: Any) -> str:
    """One trigger with its function, put in place of what was there."""
    table = model._meta.db_table
    return (
        f"CREATE OR REPLACE FUNCTION {note.name}_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {note.render_func(model)} END $$; "
        f"CREATE OR REPLACE TRIGGER {note.name} {note.when} {note.operation} ON {table} "
        f"{note.referencing or ''}FOR EACH {note.level} {note.render_condition(model)} "
        f"EXECUTE FUNCTION {note.name}_of_{table}()"
    )
