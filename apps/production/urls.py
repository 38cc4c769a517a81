"""Addresses of the production room."""

from django.urls import path

from apps.production import views

app_name = "production"
urlpatterns = [
    path("deploy/", views.deploy, name="deploy"),
    path("deploy/build/", views.build, name="build"),
    path("deploy/releases/<int:release_id>/try/", views.rehearse, name="rehearse"),
    path("deploy/tokens/", views.issue_token, name="issue_token"),
    path("deploy/tokens/<int:token_id>/revoke/", views.revoke_token, name="revoke_token"),
    path("monitor/", views.monitor, name="monitor"),
    path("monitor/look/", views.look_now, name="look_now"),
    path("monitor/alarms/<int:alarm_id>/", views.answer_alarm, name="answer_alarm"),
    path("monitor/next/", views.next_cycle, name="next_cycle"),
    path("monitor/<slug:name>.json", views.figure, name="figure"),
]
