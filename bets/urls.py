from __future__ import annotations

from django.urls import URLPattern, path

from bets import review_views
from bets.bankrolls import views as bankroll_views
from bets.decisions import views as decision_views
from bets.history import calendar_views, change_views, saved_views, views
from bets.imports import views as import_views
from bets.slip import views as slip_views
from bets.slip.entry import views as entry_views

app_name = "bets"
urlpatterns: list[URLPattern] = [
    path("", views.history, name="history"),
    path("calendar/", calendar_views.calendar, name="calendar"),
    path("filters/", saved_views.filters, name="filters"),
    path("filters/save/", saved_views.save, name="filter_save"),
    path("filters/<uuid:filter_id>/rename/", saved_views.rename, name="filter_rename"),
    path("filters/<uuid:filter_id>/delete/", saved_views.delete, name="filter_delete"),
    path("filters/<uuid:filter_id>/restore/", saved_views.restore, name="filter_restore"),
    path("tags/", change_views.tag, name="tag"),
    path("tags/<uuid:edit_id>/undo/", change_views.untag, name="tag_undo"),
    path("attention/", review_views.attention, name="attention"),
    path("review/", review_views.review, name="review"),
    path("review/many/", review_views.review_many, name="review_many"),
    path("slip/", slip_views.show, name="slip"),
    path("slip/add/", slip_views.add, name="slip_add"),
    path("slip/remove/", slip_views.remove, name="slip_remove"),
    path("slip/update/", slip_views.update, name="slip_update"),
    path("slip/clear/", slip_views.clear, name="slip_clear"),
    path("slip/undo/", slip_views.undo, name="slip_undo"),
    path("slip/enter/", entry_views.enter, name="slip_enter"),
    path("slip/record/", entry_views.record, name="slip_record"),
    path("slip/place/", slip_views.place, name="slip_place"),
    path("bankrolls/", bankroll_views.bankrolls, name="bankrolls"),
    path("bankrolls/<uuid:bankroll_id>/", bankroll_views.bankroll, name="bankroll"),
    *[
        path(
            f"bankrolls/<uuid:bankroll_id>/{action}/", bankroll_views.record, {"action": action}, name=action
        )
        for action in ("deposit", "withdraw", "bonus", "adjust", "transfer")
    ],
    path(
        "bankrolls/<uuid:bankroll_id>/undo/<uuid:operation_id>/",
        bankroll_views.undo,
        name="undo_operation",
    ),
    path("bankrolls/<uuid:bankroll_id>/edit/", bankroll_views.edit, name="bankroll_edit"),
    path("bankrolls/<uuid:bankroll_id>/statement/", bankroll_views.statement, name="statement"),
    *[
        path(
            f"bankrolls/<uuid:bankroll_id>/{action}/",
            bankroll_views.keep,
            {"action": action},
            name=f"bankroll_{action}",
        )
        for action in ("archive", "restore", "default")
    ],
    path("import/", import_views.imports_in_bounds, name="imports"),
    path("import/<uuid:batch_id>/", import_views.preview, name="import"),
    path("import/<uuid:batch_id>/commit/", import_views.commit, name="import_commit"),
    path("import/<uuid:batch_id>/progress.json", import_views.progress, name="import_progress"),
    path("import/<uuid:batch_id>/undo/", import_views.undo, name="import_undo"),
    path("import/<uuid:batch_id>/discard/", import_views.discard, name="import_discard"),
    path("export/", import_views.export, name="export"),
    path("<uuid:bet_id>/", views.bet, name="bet"),
    path("<uuid:bet_id>/edit/", change_views.edit, name="edit"),
    path("<uuid:bet_id>/words/", change_views.words, name="words"),
    path("<uuid:bet_id>/<slug:action>/", decision_views.decide, name="decide"),
]
