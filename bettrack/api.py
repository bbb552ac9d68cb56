"""The addresses of the API: one router over the views of all apps."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from rest_framework.routers import SimpleRouter

from bets.api.bets import BetViewSet
from bets.api.imports import ImportViewSet
from bets.api.jobs import ExportViewSet, JobViewSet
from bets.api.keeping import SavedFilterViewSet, TagEditViewSet
from bets.api.limits import LimitViewSet
from bets.api.money import BankrollViewSet, LedgerViewSet, TagViewSet
from bets.api.operations import OperationViewSet
from bets.api.staff import ReviewViewSet
from bets.api.statistics import StatisticsViewSet
from bets.api.webhooks import WebhookViewSet
from bettrack.api_pages import docs, nowhere, problems, schema
from feeds.api import CallViewSet, FeedViewSet, QuotaViewSet
from feeds.monitoring.api import StatusViewSet
from games.api import GameViewSet, PlayerViewSet, SportViewSet, TeamViewSet
from odds.api.analysis import EdgeViewSet, FairPriceViewSet, FutureViewSet
from odds.api.archive import ClosingLineViewSet, SnapshotViewSet
from odds.api.books import BookmakerViewSet, SelectionViewSet
from odds.api.prices import OddsViewSet
from odds.api.stream import StreamViewSet

router = SimpleRouter(use_regex_path=False)
router.register("sports", SportViewSet, "sport")
router.register("teams", TeamViewSet, "team")
router.register("players", PlayerViewSet, "player")
router.register("games", GameViewSet, "game")
router.register("bookmakers", BookmakerViewSet, "bookmaker")
router.register("selections", SelectionViewSet, "selection")
router.register("odds", OddsViewSet, "odds")
router.register("stream", StreamViewSet, "stream")
router.register("snapshots", SnapshotViewSet, "snapshot")
router.register("closing-lines", ClosingLineViewSet, "closing-line")
router.register("fair-prices", FairPriceViewSet, "fair-price")
router.register("edges", EdgeViewSet, "edge")
router.register("futures", FutureViewSet, "future")
router.register("bets", BetViewSet, "bet")
router.register("bankrolls", BankrollViewSet, "bankroll")
router.register("ledger", LedgerViewSet, "ledger")
router.register("operations", OperationViewSet, "operation")
router.register("tags", TagViewSet, "tag")
router.register("tag-edits", TagEditViewSet, "tag-edit")
router.register("filters", SavedFilterViewSet, "filter")
router.register("limits", LimitViewSet, "limit")
router.register("statistics", StatisticsViewSet, "statistics")
router.register("webhooks", WebhookViewSet, "webhook")
router.register("imports", ImportViewSet, "import")
router.register("exports", ExportViewSet, "export")
router.register("jobs", JobViewSet, "job")
router.register("review", ReviewViewSet, "review")
router.register("quota", QuotaViewSet, "quota")
router.register("feeds", FeedViewSet, "feed")
router.register("status", StatusViewSet, "status")
router.register("calls", CallViewSet, "call")

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="api:docs"), name="root"),
    path("problems/", problems, name="problems"),
    path("v1/", RedirectView.as_view(pattern_name="api:docs"), name="v1"),
    path("v1/docs/", docs, name="docs"),
    path("v1/schema/", schema, name="schema"),
    path("v1/", include(router.urls)),
    re_path("", nowhere),
]
