"""How the runners of outrights finished, for the legs that back them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db import connection

from bets.grading import LegTerms, Result

PLACINGS = """
SELECT p.game_id, lower(btrim(p.participant)), p.participant, p.position, p.tied_with,
       EXISTS (SELECT 1 FROM selections s
               WHERE s.game_id = p.game_id AND lower(btrim(s.participant)) = lower(btrim(p.participant)))
FROM placings p
WHERE p.game_id = ANY(%s::uuid[])
"""


class Place(NamedTuple):
    """A runner's finish; ``position`` None did not take part."""

    position: int | None
    tied_with: int


@dataclass(frozen=True, slots=True)
class Field:
    """The finishes of an outright by runner in lower case; ``unknown`` is a winner nobody quoted a price for."""

    places: Mapping[str, Place]
    unknown: str = ""

    def result(self, result: Result, terms: LegTerms) -> Result:
        """Return the result for the runner of a leg. Who is not listed finished behind those who are.

        Where an each-way bet pays more places than are listed, that says too little: no position is given. A winner
        without any price may be a runner misspelt, so that a person has to look.
        """
        if self.unknown:
            words = f"{self.unknown} is entered as the winner, but no price was ever seen for a runner of that name."
            return replace(result, conflict=result.conflict or words)
        place = self.places.get(terms.participant.strip().lower())
        if place is not None:
            won = None if place.position is None else place.position == 1
            return replace(
                result,
                winner=won,
                position=place.position,
                tied_with=place.tied_with,
                ran=place.position is not None,
            )
        ranked = sum(1 for other in self.places.values() if other.position is not None)
        is_placed_known = terms.each_way is None or ranked >= terms.each_way.places
        return replace(result, winner=False, position=ranked + 1 if is_placed_known else None)


def fields_of(game_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Field]:
    """Return the finishes of each of the outrights that has any, in one statement; none for no game."""
    wanted = list(game_ids)
    if not wanted:
        return {}
    places: dict[uuid.UUID, dict[str, Place]] = {}
    unknown: dict[uuid.UUID, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(PLACINGS, [wanted])
        for game_id, key, name, position, tied_with, is_quoted in cursor:
            places.setdefault(game_id, {})[key] = Place(position, tied_with)
            if position == 1 and not is_quoted:
                unknown[game_id] = name
    return {game_id: Field(found, unknown.get(game_id, "")) for game_id, found in places.items()}
