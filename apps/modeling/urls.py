"""Addresses of the modeling room."""

from django.urls import path

from apps.modeling.views import evaluation, experiments, notebooks, trials

app_name = "modeling"
urlpatterns = [
    path("select/", trials.select, name="select"),
    path("train/", trials.train, name="train"),
    path("train/<int:experiment_id>/stop/", experiments.stop, name="stop"),
    path("train/<int:experiment_id>/note/", experiments.note, name="note"),
    path("train/<int:experiment_id>/go-on/", experiments.go_on, name="go_on"),
    path("train/<int:experiment_id>/nested/", experiments.nested, name="nested"),
    path("train/<int:experiment_id>/best.json", trials.experiment_figure, name="best"),
    path("train/<int:experiment_id>/notebook.ipynb", experiments.notebook, name="notebook"),
    path("train/<int:experiment_id>/<slug:name>.parquet", experiments.rows, name="rows"),
    path("train/<int:experiment_id>/tokens/", notebooks.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", notebooks.revoke, name="revoke_token"),
    path("compare/", trials.compare, name="compare"),
    path("compare/<slug:name>.json", trials.compare_figure, name="compare_figure"),
    path("combine/", experiments.combine, name="combine"),
    path("trials/<int:trial_id>/", trials.trial, name="trial"),
    path("trials/<int:trial_id>/<slug:name>.json", trials.trial_figure, name="trial_figure"),
    path("trials/<int:trial_id>/reproduce/", trials.reproduce, name="reproduce"),
    path("trials/<int:trial_id>/attack/", trials.attack, name="attack"),
    path("trials/<int:trial_id>/explain/", trials.explain, name="explain"),
    path("trials/<int:trial_id>/freeze/", trials.freeze, name="freeze"),
    path("evaluate/", evaluation.evaluate, name="evaluate"),
    path("candidates/<int:candidate_id>/open/", evaluation.open_test, name="open_test"),
    path("candidates/<int:candidate_id>/card/", evaluation.card, name="card"),
    path("candidates/<int:candidate_id>/card.json", evaluation.card_json, name="card_json"),
    path("candidates/<int:candidate_id>/report/", evaluation.report, name="report"),
    path("candidates/<int:candidate_id>/report.json", evaluation.report_json, name="report_json"),
    path("evaluations/<int:evaluation_id>/<slug:name>.json", evaluation.figure, name="figure"),
]
