"""Addresses of the production room."""

from django.urls import path

from apps.production.views import deploy, monitor

app_name = "production"
urlpatterns = [
    path("deploy/", deploy.deploy, name="deploy"),
    path("deploy/build/", deploy.build, name="build"),
    path("deploy/releases/<int:release_id>/try/", deploy.rehearse, name="rehearse"),
    path("deploy/tokens/", deploy.issue_token, name="issue_token"),
    path("deploy/tokens/<int:token_id>/revoke/", deploy.revoke_token, name="revoke_token"),
    path("monitor/", monitor.monitor, name="monitor"),
    path("monitor/look/", monitor.look_now, name="look_now"),
    path("monitor/alarms/<int:alarm_id>/", monitor.answer_alarm, name="answer_alarm"),
    path("monitor/next/", monitor.next_cycle, name="next_cycle"),
    path("monitor/<slug:name>.json", monitor.figure, name="figure"),
]
