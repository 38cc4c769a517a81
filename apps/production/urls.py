"""Addresses of the production room."""

from django.urls import path

from apps.production.views import (
    canary,
    deploy,
    drills,
    glass,
    incidents,
    monitor,
    releases,
    trace,
)

app_name = "production"
urlpatterns = [
    path("deploy/", deploy.deploy, name="deploy"),
    path("deploy/build/", deploy.build, name="build"),
    path("deploy/releases/<int:release_id>/try/", deploy.rehearse, name="rehearse"),
    path("deploy/tokens/", deploy.issue_token, name="issue_token"),
    path("deploy/tokens/<int:token_id>/revoke/", deploy.revoke_token, name="revoke_token"),
    path("releases/", releases.releases, name="releases"),
    path("releases/<int:release_id>/compare/", releases.compare, name="compare"),
    path("releases/<int:release_id>/switch/", releases.switch, name="switch"),
    path("releases/<int:release_id>/shadow/", releases.shadow, name="shadow"),
    path("releases/<int:release_id>/bundle/", releases.bundle, name="bundle"),
    path("releases/flips/<int:report_id>/", releases.flips, name="flips"),
    path("releases/stop/", releases.stop, name="stop"),
    path("fallback/", releases.set_fallback, name="set_fallback"),
    path("fallback/take/", releases.take_fallback, name="take_fallback"),
    path("fallback/go-on/", releases.let_go_on, name="let_go_on"),
    path("fallback/policy/", releases.set_policy, name="set_policy"),
    path("releases/<int:release_id>/canary/", canary.canary, name="canary"),
    path("releases/<int:release_id>/canary/start/", canary.start, name="start_canary"),
    path("glass/", glass.glass, name="glass"),
    path("glass/ask/", glass.ask, name="ask_glass"),
    path("glass/<int:request_id>/agree/", glass.agree, name="agree_glass"),
    path("drills/", drills.drills, name="drills"),
    path("drills/record/", drills.record, name="record_drill"),
    path("drills/fallback/", drills.fallback, name="drill_fallback"),
    path("monitor/", monitor.monitor, name="monitor"),
    path("monitor/look/", monitor.look_now, name="look_now"),
    path("incidents/<int:number>/", incidents.incident, name="incident"),
    path("incidents/<int:number>/say/", incidents.say, name="incident_say"),
    path("incidents/<int:number>/assign/", incidents.assign, name="incident_assign"),
    path("incidents/<int:number>/close/", incidents.close, name="incident_close"),
    path("trace/", trace.find, name="trace_find"),
    path("trace/<uuid:prediction_id>/", trace.trace, name="trace"),
    path("monitor/reference/", monitor.set_reference, name="set_reference"),
    path("retention/", deploy.set_retention, name="set_retention"),
    path("monitor/next/", monitor.next_cycle, name="next_cycle"),
    path("monitor/<slug:name>.json", monitor.figure, name="figure"),
]
