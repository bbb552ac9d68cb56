"""Deriving the figures of settled bets (``settled_bets``) from bets, legs and games."""

from __future__ import annotations

import uuid
from typing import Final

from django.db import connection, transaction

BANDS: Final = [1.5, 1.8, 2.1, 3.0, 5.0, 10.0]
"""Decimal odds at which the bands of the break-down by odds begin, the first begins at 1."""
PRICE: Final = "CASE WHEN {0} > 0 THEN 1 + {0} / 100 ELSE 1 - 100 / {0} END"
"""Decimal odds of a column of American ones."""

DERIVE: Final = f"""
WITH gone AS (
    DELETE FROM changed_bets WHERE %(user)s::uuid IS NULL OR user_id = %(user)s::uuid RETURNING bet_id
), changed AS MATERIALIZED (
    SELECT b.*, b.status IN ('won', 'lost', 'half_won', 'half_lost') AS is_decided,
        b.kind IN ('straight', 'parlay') AND NOT b.is_lay AND b.each_way_places IS NULL AS is_plain
    FROM (SELECT DISTINCT bet_id FROM gone) g JOIN bets b ON b.id = g.bet_id
), reopened AS (
    DELETE FROM settled_bets s USING changed c WHERE s.bet_id = c.id AND (c.payout IS NULL OR c.withdrawn_at IS NOT NULL)
), legs AS (
    SELECT c.id, count(*) AS legs, bool_and(l.price_seen_at IS NOT NULL) AS is_seen,
        bool_or(g.commence_time <= c.placed_at) AS is_live,
        CASE WHEN min(g.sport_id) = max(g.sport_id) THEN min(g.sport_id) ELSE '*' END AS sport,
        CASE WHEN min(s.market) = max(s.market) THEN min(s.market) ELSE '*' END AS market,
        min(l.bet_type) AS bet_type, min(l.point) AS point, min(l.odds) AS odds,
        CASE WHEN bool_and(p.closed IS NOT NULL) FILTER (WHERE p.counts)
            THEN exp(sum(ln(p.agreed / p.closed)) FILTER (WHERE p.counts)) END AS against_close,
        CASE WHEN bool_and(l.closing_fair IS NOT NULL) FILTER (WHERE p.counts)
            THEN exp(sum(ln(p.agreed * p.fair)) FILTER (WHERE p.counts)) END AS against_fair,
        exp(sum(ln(p.agreed)) FILTER (WHERE p.decides)) AS deciding,
        CASE WHEN bool_and(l.closing_fair IS NOT NULL) FILTER (WHERE p.decides)
            THEN exp(sum(ln(p.fair)) FILTER (WHERE p.decides)) END AS chance
    FROM changed c
    JOIN bet_legs l ON l.bet_id = c.id
    JOIN games g ON g.id = l.game_id
    JOIN selections s ON s.id = l.selection_id
    CROSS JOIN LATERAL (
        SELECT {PRICE.format("l.odds::float8")} AS agreed, l.closing_fair::float8 AS fair, l.status <> 'void' AS counts,
            l.status NOT IN ('void', 'push') AS decides,
            CASE WHEN l.closing_point IS NOT DISTINCT FROM l.point THEN {PRICE.format("l.closing_odds::float8")} END AS closed
    ) p
    WHERE c.payout IS NOT NULL
    GROUP BY c.id
), leagues AS (
    SELECT DISTINCT ON (lower(title)) lower(title) AS title, key FROM sports ORDER BY lower(title), active DESC, key
), words AS (
    SELECT i.bet_id, bool_or(i.is_live) AS is_live, min(i.bet_type) AS bet_type,
        CASE WHEN min(said.league) = max(said.league) THEN min(said.league) ELSE '*' END AS sport,
        CASE WHEN min(said.sport) = max(said.sport) THEN min(said.sport) ELSE '*' END AS said_sport,
        CASE WHEN min(i.market) = max(i.market) THEN left(min(i.market), 64) ELSE '*' END AS market,
        min(i.odds) AS odds, min(i.point) AS point,
        CASE WHEN bool_and(i.odds IS NOT NULL AND said.closed IS NOT NULL) FILTER (WHERE i.status <> 'void')
            THEN exp(sum(ln({PRICE.format("i.odds::float8")} / said.closed)) FILTER (WHERE i.status <> 'void')) END AS against_close
    FROM changed c
    JOIN imported_legs i ON i.bet_id = c.id
    LEFT JOIN leagues l ON l.title = lower(i.league)
    CROSS JOIN LATERAL (
        SELECT left(coalesce(l.key, nullif(i.league, ''), i.sport), 64) AS league,
            CASE WHEN l.key IS NULL THEN left(i.sport, 64) ELSE '' END AS sport,
            CASE WHEN i.closing_point IS NULL OR i.closing_point = i.point THEN {PRICE.format("i.closing_odds::float8")} END AS closed
    ) said
    GROUP BY i.bet_id
), figures AS (
    SELECT c.*, legs.legs, coalesce(legs.sport, words.sport) AS sport, coalesce(legs.market, words.market) AS market,
        coalesce(words.said_sport, '') AS said_sport, coalesce(legs.bet_type, words.bet_type) AS bet_type,
        coalesce(legs.point, words.point) AS point, coalesce(legs.odds, words.odds) AS leg_odds,
        coalesce(legs.is_live, words.is_live, false) AS is_live,
        coalesce(legs.is_seen, false) AND (c.kind IN ('straight', 'parlay') OR NOT c.own_price) AS is_verified,
        c.is_plain AND c.status <> 'void' AND NOT coalesce(legs.is_live, true) AS has_clv,
        legs.against_close, against_fair,
        CASE WHEN c.is_plain AND c.status <> 'void' AND NOT coalesce(words.is_live, false) THEN words.against_close END AS in_file,
        CASE WHEN c.is_plain AND c.is_decided AND NOT legs.is_live AND chance < 1 THEN chance END AS chance,
        c.cashed_out - c.cashed_stake AS early, c.stake - c.cashed_stake AS riding,
        (c.stake - c.cashed_stake) * (deciding - 1)::numeric AS gain
    FROM changed c LEFT JOIN legs ON legs.id = c.id LEFT JOIN words ON words.bet_id = c.id
    WHERE c.payout IS NOT NULL AND c.withdrawn_at IS NULL
)
INSERT INTO settled_bets (bet_id, bankroll_id, bookmaker_id, status, kind, placed_at, settled_at, sport, said_sport,
    said_book, market, bet_type, side, is_live, is_verified, is_bonus, tags, staked, net, band, odds_micro, clv_ppm,
    fair_clv_ppm, file_clv_ppm, chance_ppb, if_won, if_lost)
SELECT id, bankroll_id, bookmaker_id, status, kind, placed_at, settled_at, coalesce(sport, ''), said_sport,
    book_name, coalesce(market, ''),
    CASE WHEN kind = 'straight' THEN coalesce(bet_type, '') ELSE kind END,
    CASE WHEN kind <> 'straight' OR is_lay THEN ''
        WHEN bet_type = 'moneyline' AND leg_odds <> 100 THEN CASE WHEN leg_odds < 0 THEN 'favourite' ELSE 'underdog' END
        WHEN bet_type = 'spread' AND point <> 0 THEN CASE WHEN point < 0 THEN 'favourite' ELSE 'underdog' END
        ELSE '' END,
    is_live, is_verified, is_bonus, tags,
    100 * CASE WHEN is_bonus THEN 0 WHEN status = 'void' THEN cashed_stake ELSE stake END,
    100 * (payout - CASE WHEN is_bonus THEN 0 ELSE stake END),
    width_bucket({PRICE.format("odds")}, ARRAY{BANDS}),
    1000000 * ({PRICE.format("odds")}),
    CASE WHEN has_clv THEN 1000000 * (against_close - 1) END,
    CASE WHEN has_clv THEN 1000000 * (against_fair - 1) END,
    1000000 * (in_file - 1),
    1000000000 * chance,
    CASE WHEN chance IS NOT NULL THEN 100 * ((gain + least(gain * boost_pct / 100, boost_cap))
        * (1 - commission_pct / 100) + early) END,
    CASE WHEN chance IS NOT NULL THEN 100 * CASE WHEN is_bonus THEN 0 ELSE early - riding END END
FROM figures
ON CONFLICT (bet_id) DO UPDATE SET
    bankroll_id = EXCLUDED.bankroll_id, bookmaker_id = EXCLUDED.bookmaker_id, status = EXCLUDED.status,
    kind = EXCLUDED.kind, placed_at = EXCLUDED.placed_at, settled_at = EXCLUDED.settled_at, sport = EXCLUDED.sport,
    said_sport = EXCLUDED.said_sport, said_book = EXCLUDED.said_book, file_clv_ppm = EXCLUDED.file_clv_ppm,
    market = EXCLUDED.market, bet_type = EXCLUDED.bet_type, side = EXCLUDED.side, is_live = EXCLUDED.is_live,
    is_verified = EXCLUDED.is_verified, is_bonus = EXCLUDED.is_bonus, tags = EXCLUDED.tags,
    staked = EXCLUDED.staked, net = EXCLUDED.net, band = EXCLUDED.band,
    odds_micro = EXCLUDED.odds_micro, clv_ppm = EXCLUDED.clv_ppm, fair_clv_ppm = EXCLUDED.fair_clv_ppm,
    chance_ppb = EXCLUDED.chance_ppb, if_won = EXCLUDED.if_won, if_lost = EXCLUDED.if_lost
"""  # noqa: S608 - the parts are constants
"""Ratios of prices are floating-point, as estimates are; what was staked and paid is not.

Legs that are void are out of a ticket's price, those that pushed out of its chance too.

An imported bet has the words of its file for sport, market and type, and our league where it has that name. What it
beat the closing prices of its file by is kept apart: nobody of ours saw them.
A ticket has a CLV if it is straight or a parlay placed before its games, with a closing price for every leg; it has a
chance if besides it was won or lost. Teasers, systems, same-game parlays, lays and each-way bets have
neither: their price is not the product of closing prices.
"""
CHANGED: Final = (
    "SELECT EXISTS (SELECT FROM changed_bets WHERE %(user)s::uuid IS NULL OR user_id = %(user)s::uuid)"
)
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('settled_bets', 0))"


def refresh(user_id: uuid.UUID | None = None) -> int:
    """Derive the figures of every bet changed since the last time, of one person or of all; return how many.

    One statement where there is nothing to do. Only one caller derives at a time, so that none
    writes what another has overtaken.
    """
    given = {"user": user_id}
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, given)
        if not cursor.fetchone()[0]:
            return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(DERIVE, given)
        return int(cursor.rowcount)
