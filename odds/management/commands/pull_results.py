from __future__ import annotations

import argparse
import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from feeds import espn, the_odds_api
from feeds.exceptions import FeedError
from feeds.recordings import RecordingError
from games.models import Sport
from games.services import ResultCounts
from odds.management.progress import progress_over, show_rejected, wide
from odds.pull import (
    days_without_result,
    games_without_box_score,
    pull_box_score,
    pull_scoreboard,
    pull_scores,
    wanting_results,
)
from odds.replay import InTimeOrder, replay_results

MOST_BOX_SCORES = 200


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-20.") from None


class Command(BaseCommand):
    help = "Pull scores and final results, or replay recorded scoreboards, summaries and scores."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=_day, help="the US day to ask for; default: every day still open")
        parser.add_argument("--sport", default="", metavar="K", help="only this sport")
        parser.add_argument(
            "--from",
            dest="paths",
            nargs="+",
            default=[],
            metavar="PATH",
            help="recorded responses: files or folders of .json or .jsonl, plain or .gz",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["paths"] and options["date"]:
            raise CommandError("--date asks the feed and --from replays recordings: use one of them.")
        if options["paths"]:
            self._replay(options["paths"], options["sport"])
        else:
            self._pull(options["sport"], options["date"])

    def _replay(self, paths: list[str], sport_key: str) -> None:
        try:
            recordings = InTimeOrder(paths)
        except RecordingError as error:
            raise CommandError(f"{error}.") from error
        with progress_over(recordings, "Replaying") as on_step:
            report = replay_results(recordings, sport_key=sport_key, on_step=on_step)
        for bad in report.bad:
            self.stderr.write(f"{bad.path}: {bad.reason}")
        self.stdout.write(_table(report.results))
        self.stdout.write(f"player statistics {report.statistics:>12,}")
        show_rejected(self.stdout, report)
        if not report.read:
            raise CommandError(
                "Nothing could be read: no file holds scores or a scoreboard of a known shape."
            )

    def _pull(self, sport_key: str, day: dt.date | None) -> None:
        sports = Sport.objects.filter(key=sport_key) if sport_key else wanting_results()
        if not sports:
            raise CommandError(
                f"Unknown sport {sport_key}." if sport_key else "No sport is active. Run the seed command."
            )
        total = ResultCounts()
        failures = attempts = 0
        with espn.Client.from_settings() as scoreboards, the_odds_api.Client.from_settings() as scores:
            for sport in sports:
                days = [day] if day else days_without_result(sport, timezone.now())
                if not espn.covers(sport.key):
                    days = days[:1]
                for each in days:
                    attempts += 1
                    try:
                        if espn.covers(sport.key):
                            total += pull_scoreboard(scoreboards, sport.key, each)
                        else:
                            total += pull_scores(scores, sport.key)
                    except FeedError as error:
                        failures += 1
                        self.stderr.write(f"{sport.key} {each}: {error}")
            failures_of_boxes = self._pull_box_scores(scoreboards)
        self.stdout.write(_table(total))
        if failures_of_boxes:
            self.stdout.write(f"box scores not to be had: {failures_of_boxes:,}")
        if attempts and failures == attempts:
            raise CommandError("Nothing could be pulled.")

    def _pull_box_scores(self, client: espn.Client) -> int:
        """Fetch the missing box scores; return how many could not be had, each of which is named."""
        failures = 0
        for game in games_without_box_score(timezone.now(), most=MOST_BOX_SCORES):
            try:
                pull_box_score(client, game)
            except FeedError as error:
                failures += 1
                self.stderr.write(f"box score of {game}: {error}")
        return failures


def _table(counts: ResultCounts) -> str:
    return wide(
        {
            "events": counts.events,
            "matched": counts.matched,
            "no game of ours": counts.unmatched,
            "without a result": counts.silent,
            "readings written": counts.readings,
            "games changed": counts.games,
            "finals": counts.finals,
        }
    )
