"""Addresses of the modeling room."""

from django.urls import path

from apps.modeling import experiment_views, notebook_views, views

app_name = "modeling"
urlpatterns = [
    path("select/", views.select, name="select"),
    path("train/", views.train, name="train"),
    path("train/<int:experiment_id>/stop/", experiment_views.stop, name="stop"),
    path("train/<int:experiment_id>/note/", experiment_views.note, name="note"),
    path("train/<int:experiment_id>/go-on/", experiment_views.go_on, name="go_on"),
    path("train/<int:experiment_id>/nested/", experiment_views.nested, name="nested"),
    path("train/<int:experiment_id>/best.json", views.experiment_figure, name="best"),
    path("train/<int:experiment_id>/notebook.ipynb", experiment_views.notebook, name="notebook"),
    path("train/<int:experiment_id>/<slug:name>.parquet", experiment_views.rows, name="rows"),
    path("train/<int:experiment_id>/tokens/", notebook_views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", notebook_views.revoke, name="revoke_token"),
    path("compare/", views.compare, name="compare"),
    path("compare/<slug:name>.json", views.compare_figure, name="compare_figure"),
    path("combine/", experiment_views.combine, name="combine"),
    path("trials/<int:trial_id>/", views.trial, name="trial"),
    path("trials/<int:trial_id>/<slug:name>.json", views.trial_figure, name="trial_figure"),
    path("trials/<int:trial_id>/reproduce/", views.reproduce, name="reproduce"),
    path("trials/<int:trial_id>/attack/", views.attack, name="attack"),
    path("trials/<int:trial_id>/explain/", views.explain, name="explain"),
    path("trials/<int:trial_id>/freeze/", views.freeze, name="freeze"),
    path("evaluate/", views.evaluate, name="evaluate"),
    path("candidates/<int:candidate_id>/open/", views.open_test, name="open_test"),
    path("candidates/<int:candidate_id>/card/", views.card, name="card"),
    path("candidates/<int:candidate_id>/card.json", views.card_json, name="card_json"),
    path("candidates/<int:candidate_id>/report/", views.report, name="report"),
    path("candidates/<int:candidate_id>/report.json", views.report_json, name="report_json"),
    path("evaluations/<int:evaluation_id>/<slug:name>.json", views.figure, name="figure"),
]
