"""Addresses of the exploration room."""

from django.urls import path

from apps.eda.views import (
    builder,
    columns,
    compare,
    leaks,
    missing,
    overview,
    pinned,
    relations,
    rows,
    sealed,
    target,
    time,
)

app_name = "eda"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("profile/", overview.profile, name="profile"),
    path("slice/", overview.work_out, name="work_out"),
    path("columns/<int:position>/", columns.column, name="column"),
    path("columns/<int:position>/<slug:name>.json", columns.column_figure, name="column_figure"),
    path("relations/", relations.relations, name="relations"),
    path("relations/pair/", relations.choose_pair, name="choose_pair"),
    path("relations/<slug:measure>.json", relations.matrix, name="matrix"),
    path("relations/<int:one>/<int:other>/", relations.pair, name="pair"),
    path("relations/<int:one>/<int:other>/pair.json", relations.pair_figure, name="pair_figure"),
    path("leaks/", leaks.leaks, name="leaks"),
    path("missing/", missing.missing, name="missing"),
    path("missing/<slug:name>.json", missing.missing_figure, name="missing_figure"),
    path("rows/", rows.rows, name="rows"),
    path("time/", time.time, name="time"),
    path("time/<int:place>/<slug:name>.json", time.time_figure, name="time_figure"),
    path("findings/", overview.raise_finding, name="raise_finding"),
    path("findings/<int:finding_id>/", overview.answer_finding, name="answer_finding"),
    path("target/", target.target, name="target"),
    path("compare/", compare.compare, name="compare"),
    path("compare/sealed/", sealed.sealed, name="sealed"),
    path("compare/sealed/figure.json", sealed.sealed_figure, name="sealed_figure"),
    path("compare/sealed/look/", sealed.look_at_sealed, name="look_at_sealed"),
    path("chart/", builder.build_chart, name="chart"),
    path("chart/figure.json", builder.chart_figure, name="chart_figure"),
    path("views/", pinned.views, name="views"),
    path("views/name/", pinned.name_view, name="name_view"),
    path("views/<int:view_id>/pin/", pinned.pin_view, name="pin_view"),
    path("views/<int:view_id>/remove/", pinned.remove_view, name="remove_view"),
]
