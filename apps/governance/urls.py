"""Addresses of the watch tower."""

from django.urls import path

from apps.governance import (
    alert_views,
    finding_views,
    gate_views,
    notice_views,
    proof_views,
    team_views,
    views,
)

app_name = "governance"
urlpatterns = [
    path("", views.home, name="home"),
    path("inbox/", notice_views.inbox, name="inbox"),
    path("inbox/read/", notice_views.read_all, name="read_all"),
    path("inbox/<int:notice_id>/read/", notice_views.read_notice, name="read_notice"),
    path("projects/", views.projects, name="projects"),
    path("projects/new/", views.new_project, name="new_project"),
    path("portfolio/", views.portfolio, name="portfolio"),
    path("audit/", views.audit, name="audit"),
    path("audit/ledgers/", proof_views.ledgers, name="ledgers"),
    path("audit/ledgers/<int:chain_id>/check/", proof_views.check_ledger, name="check_ledger"),
    path("help/", views.help_page, name="help"),
    path("team/<int:team_id>/", team_views.team, name="team"),
    path("team/<int:team_id>/alerts/", alert_views.alerts, name="alerts"),
    path("team/<int:team_id>/alerts/budget/", alert_views.set_budget, name="set_budget"),
    path("team/<int:team_id>/alerts/webhook/", alert_views.set_webhook, name="set_webhook"),
    path("team/<int:team_id>/alerts/webhook/end/", alert_views.end_webhook, name="end_webhook"),
    path("team/<int:team_id>/alerts/webhook/test/", alert_views.test_webhook, name="test_webhook"),
    path("team/<int:team_id>/delegate/", team_views.delegate, name="delegate"),
    path(
        "team/<int:team_id>/delegations/<int:delegation_id>/revoke/",
        team_views.revoke,
        name="revoke",
    ),
    path("p/<slug:slug>/", views.project, name="project"),
    path("p/<slug:slug>/tier/", views.tier, name="tier"),
    path("p/<slug:slug>/gates/<slug:stage>/", gate_views.gate, name="gate"),
    path("p/<slug:slug>/gates/<slug:stage>/submit/", gate_views.submit, name="submit"),
    path("p/<slug:slug>/gates/<slug:stage>/decide/", gate_views.decide, name="decide"),
    path("p/<slug:slug>/gates/<slug:stage>/show/", gate_views.show, name="show"),
    path("p/<slug:slug>/gates/<slug:stage>/withdraw/", gate_views.withdraw, name="withdraw"),
    path("p/<slug:slug>/gates/<slug:stage>/discuss/", gate_views.discuss, name="discuss"),
    path("p/<slug:slug>/packs/", proof_views.packs, name="packs"),
    path("p/<slug:slug>/packs/<int:pack_id>/download/", proof_views.pack, name="pack"),
    path(
        "p/<slug:slug>/packs/decisions/<int:decision_id>/",
        proof_views.make_decision_pack,
        name="make_decision_pack",
    ),
    path(
        "p/<slug:slug>/packs/cycles/<int:cycle>/",
        proof_views.make_cycle_pack,
        name="make_cycle_pack",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/accept/",
        finding_views.accept_warning,
        name="accept_warning",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/findings/",
        finding_views.raise_finding,
        name="raise_finding",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/findings/<int:number>/answer/",
        finding_views.answer_finding,
        name="answer_finding",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/findings/<int:number>/close/",
        finding_views.close_finding,
        name="close_finding",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/decisions/<int:number>/",
        finding_views.as_signed,
        name="as_signed",
    ),
    path(
        "p/<slug:slug>/conditions/<int:decision_id>/met/",
        gate_views.condition_met,
        name="condition_met",
    ),
]
