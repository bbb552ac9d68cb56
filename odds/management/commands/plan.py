from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from games.models import Sport
from odds.planner import Forecast, forecast
from odds.planning import monthly_cost

LARGEST = 1_000_000_000


class Command(BaseCommand):
    help = (
        "Show the polling plan: what the key has left, what is polled when in the coming week, what a month costs. "
        "With --every, tell instead what polling at one cadence would cost a month."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--credits", type=int, help="plan for a fresh key with so many credits a month")
        parser.add_argument("--pulls", type=int, default=30, help="planned polls to list (default 30)")
        parser.add_argument("--every", type=int, metavar="SECONDS", help="a fixed cadence to price")
        parser.add_argument("--sports", type=int, default=1, help="with --every: sports (default 1)")
        parser.add_argument("--markets", type=int, default=3, help="with --every: markets (default 3)")
        parser.add_argument("--regions", type=int, default=1, help="with --every: regions (default 1)")
        parser.add_argument("--hours", type=int, default=24, help="with --every: hours a day (default 24)")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("credits", "pulls", "every", "sports", "markets", "regions", "hours"):
            low = 0 if name in ("credits", "pulls") else 1
            high = 24 if name == "hours" else LARGEST
            if options[name] is not None and not low <= options[name] <= high:
                raise CommandError(f"--{name} must be between {low} and {high:,}, not {options[name]}.")
        if options["every"] is not None:
            self._price(options)
            return
        sports = list(Sport.objects.filter(active=True))
        now = timezone.now()
        self._tell(forecast(sports, now=now, credits_a_month=options["credits"]), now, options["pulls"])

    def _price(self, options: dict[str, Any]) -> None:
        cost = monthly_cost(
            sports=options["sports"],
            markets=options["markets"],
            regions=options["regions"],
            every=dt.timedelta(seconds=options["every"]),
            hours_a_day=options["hours"],
        )
        self.stdout.write(
            f"{options['sports']} sports, {options['markets']} markets, {options['regions']} regions every "
            f"{options['every']:,} s for {options['hours']} hours a day: {cost:,} credits a month."
        )

    def _tell(self, found: Forecast, now: dt.datetime, most: int) -> None:
        key = found.key
        self.stdout.write(
            f"Key: {key.left:,} of {key.limit:,} credits left, {key.used:,} used since "
            f"{key.period_start:%Y-%m-%d %H:%M} UTC; made to last until {key.period_end:%Y-%m-%d}."
        )
        if key.blocked:
            self.stdout.write(f"Held back: {key.blocked}. Nothing is planned until the counter falls.")
        self.stdout.write(f"Coming week: {found.plan.spent:,} of {found.plan.budget:,} credits planned.")
        for league in found.leagues:
            self.stdout.write(
                f"  {league.title:<28} {league.games:>4} games {league.pulls:>5} polls {league.credits:>6,} credits"
                f" {league.monthly:>7,} a month  {league.effort}"
            )
        self.stdout.write(
            f"A month like it: {found.monthly:,} credits, of them {found.outrights:,} for outrights and "
            f"{found.scores:,} for scores. Fixtures are free."
        )
        upcoming = [(pull, title) for pull, title in found.upcoming if pull.at >= now]
        for pull, title in upcoming[:most]:
            minutes = int(pull.lead.total_seconds() // 60)
            when = f"{minutes:,} min before" if minutes >= 0 else f"{-minutes:,} min into play"
            self.stdout.write(
                f"  {pull.at:%a %d %b %H:%M} UTC  {title:<28} {pull.cost} credits  {when}, {pull.games} games"
            )
        if len(upcoming) > most:
            self.stdout.write(f"  and {len(upcoming) - most:,} more")
