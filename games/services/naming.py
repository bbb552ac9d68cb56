"""Names that teams had before."""

from __future__ import annotations

from django.db import transaction

from games.models import Team, TeamAlias


@transaction.atomic
def keep_former_name(*, team: Team, name: str) -> bool:
    """Make the name a team had an alias of it, since the feeds go on using it; False where it names somebody else."""
    if not name or Team.objects.filter(sport_id=team.sport_id, name=name).exists():
        return False
    alias, _ = TeamAlias.objects.get_or_create(sport_id=team.sport_id, name=name, defaults={"team": team})
    return alias.team_id == team.pk
