"""Addresses of the watch tower."""

from django.urls import path

from apps.governance.views import alerts, findings, gates, home, notices, proof, teams

app_name = "governance"
urlpatterns = [
    path("", home.home, name="home"),
    path("inbox/", notices.inbox, name="inbox"),
    path("inbox/read/", notices.read_all, name="read_all"),
    path("inbox/<int:notice_id>/read/", notices.read_notice, name="read_notice"),
    path("projects/", home.projects, name="projects"),
    path("projects/new/", home.new_project, name="new_project"),
    path("portfolio/", home.portfolio, name="portfolio"),
    path("audit/", home.audit, name="audit"),
    path("audit/ledgers/", proof.ledgers, name="ledgers"),
    path("audit/ledgers/<int:chain_id>/check/", proof.check_ledger, name="check_ledger"),
    path("help/", home.help_page, name="help"),
    path("team/<int:team_id>/", teams.team, name="team"),
    path("team/<int:team_id>/alerts/", alerts.alerts, name="alerts"),
    path("team/<int:team_id>/alerts/budget/", alerts.set_budget, name="set_budget"),
    path("team/<int:team_id>/alerts/webhook/", alerts.set_webhook, name="set_webhook"),
    path("team/<int:team_id>/alerts/webhook/end/", alerts.end_webhook, name="end_webhook"),
    path("team/<int:team_id>/alerts/webhook/test/", alerts.test_webhook, name="test_webhook"),
    path("team/<int:team_id>/delegate/", teams.delegate, name="delegate"),
    path(
        "team/<int:team_id>/delegations/<int:delegation_id>/revoke/",
        teams.revoke,
        name="revoke",
    ),
    path("p/<slug:slug>/", home.project, name="project"),
    path("p/<slug:slug>/tier/", home.tier, name="tier"),
    path("p/<slug:slug>/gates/<slug:stage>/", gates.gate, name="gate"),
    path("p/<slug:slug>/gates/<slug:stage>/submit/", gates.submit, name="submit"),
    path("p/<slug:slug>/gates/<slug:stage>/decide/", gates.decide, name="decide"),
    path("p/<slug:slug>/gates/<slug:stage>/show/", gates.show, name="show"),
    path("p/<slug:slug>/gates/<slug:stage>/withdraw/", gates.withdraw, name="withdraw"),
    path("p/<slug:slug>/gates/<slug:stage>/discuss/", gates.discuss, name="discuss"),
    path("p/<slug:slug>/packs/", proof.packs, name="packs"),
    path("p/<slug:slug>/packs/<int:pack_id>/download/", proof.pack, name="pack"),
    path(
        "p/<slug:slug>/packs/decisions/<int:decision_id>/",
        proof.make_decision_pack,
        name="make_decision_pack",
    ),
    path(
        "p/<slug:slug>/packs/cycles/<int:cycle>/",
        proof.make_cycle_pack,
        name="make_cycle_pack",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/accept/",
        findings.accept_warning,
        name="accept_warning",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/findings/",
        findings.raise_finding,
        name="raise_finding",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/findings/<int:number>/answer/",
        findings.answer_finding,
        name="answer_finding",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/findings/<int:number>/close/",
        findings.close_finding,
        name="close_finding",
    ),
    path(
        "p/<slug:slug>/gates/<slug:stage>/decisions/<int:number>/",
        findings.as_signed,
        name="as_signed",
    ),
    path(
        "p/<slug:slug>/conditions/<int:decision_id>/met/",
        gates.condition_met,
        name="condition_met",
    ),
]
