"""Addresses of the jobs room."""

from django.urls import path

from apps.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.jobs, name="jobs"),
    path("<uuid:job_id>/", views.job, name="job"),
    path("<uuid:job_id>/stop/", views.stop, name="stop"),
    path("<uuid:job_id>/again/", views.again, name="again"),
]
