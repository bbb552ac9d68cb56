from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from feeds.exceptions import FeedError
from feeds.recordings import RecordingError
from feeds.the_odds_api import Client
from games.models import Sport
from odds.ingest import IngestCounts
from odds.management.progress import progress_over, show_rejected, wide
from odds.pull import in_season, pull_sport
from odds.replay import InTimeOrder, ReplayReport, replay_odds


class Command(BaseCommand):
    help = "Pull prices from the odds feed, or replay recorded responses, into the archive."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--sport", action="append", default=[], metavar="K", help="a sport key; may be repeated"
        )
        parser.add_argument(
            "--from",
            dest="paths",
            nargs="+",
            default=[],
            metavar="PATH",
            help="recorded responses: files or folders of .json or .jsonl, plain or .gz",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["paths"]:
            self._replay(options["paths"], options["sport"])
        else:
            self._pull(options["sport"])

    def _replay(self, paths: list[str], sport_keys: list[str]) -> None:
        try:
            recordings = InTimeOrder(paths)
        except RecordingError as error:
            raise CommandError(f"{error}.") from error
        with progress_over(recordings, "Replaying") as on_step:
            report = replay_odds(recordings, sport_keys=sport_keys, on_step=on_step)
        for bad in report.bad:
            self.stderr.write(f"{bad.path}: {bad.reason}")
        self._tell(report)
        if not report.read:
            raise CommandError("Nothing could be read: no file holds odds or events of a known shape.")

    def _tell(self, report: ReplayReport) -> None:
        self.stdout.write(_table(report.odds))
        show_rejected(self.stdout, report)

    def _pull(self, sport_keys: list[str]) -> None:
        total = IngestCounts()
        failed: list[str] = []
        with Client.from_settings() as client:
            sports = _named(sport_keys) if sport_keys else _all_in_season(client)
            for sport in sports:
                try:
                    counts = pull_sport(client, sport)
                except FeedError as error:
                    failed.append(sport.key)
                    self.stderr.write(f"{sport.key}: {error}")
                    continue
                total += counts
                self.stdout.write(f"{sport.key}: {counts.sentence()}")
        self.stdout.write(_table(total))
        if len(failed) == len(sports):
            raise CommandError("Nothing could be pulled.")


def _all_in_season(client: Client) -> list[Sport]:
    try:
        offered = in_season(client)
    except FeedError as error:
        raise CommandError(f"The odds feed does not say what is in season: {error}") from error
    sports = list(Sport.objects.filter(active=True, key__in=offered))
    if not sports:
        raise CommandError("No active sport is in season. Run the seed command, or name one with --sport.")
    return sports


def _named(keys: list[str]) -> list[Sport]:
    sports = list(Sport.objects.filter(key__in=keys))
    unknown = sorted(set(keys) - {sport.key for sport in sports})
    if unknown:
        raise CommandError(
            f"Unknown sport {', '.join(unknown)}: use the odds feed's keys, such as basketball_nba."
        )
    return sports


def _table(counts: IngestCounts) -> str:
    return wide(
        {
            "responses": counts.responses,
            "events": counts.events,
            "games new": counts.games_new,
            "quotes": counts.quotes,
            "snapshots written": counts.snapshots,
            "  of them withdrawals": counts.withdrawals,
            "unchanged": counts.unchanged,
            "out of date": counts.stale,
            "rejected parts": sum(counts.rejected.values()),
        }
    )
