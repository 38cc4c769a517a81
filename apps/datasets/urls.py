"""Addresses of the data room."""

from django.urls import path

from apps.datasets.views import fitted, joins, merging, recipe, sources, splits, tables, uploads

app_name = "datasets"
urlpatterns = [
    path("sources/", sources.sources, name="sources"),
    path("sources/add/", sources.add_source, name="add_source"),
    path("sources/<int:source_id>/", sources.source, name="source"),
    path("sources/<int:source_id>/versions/add/", sources.add_version, name="add_version"),
    path("sources/<int:source_id>/remove/", sources.remove_source, name="remove_source"),
    path("sources/uploads/", uploads.begin_upload, name="begin_upload"),
    path("sources/uploads/<uuid:upload_id>/", uploads.upload, name="upload"),
    path("versions/<int:version_id>/original/", uploads.original, name="original"),
    path("versions/<int:version_id>/rejected/", uploads.rejected, name="rejected"),
    path("versions/<int:version_id>/take/", sources.take_version, name="take_version"),
    path("versions/<int:version_id>/read/", sources.read_again, name="read_again"),
    path("consolidate/", joins.consolidate, name="consolidate"),
    path("consolidate/base/", joins.set_base, name="set_base"),
    path("consolidate/carry-over/", joins.carry_over, name="carry_over"),
    path("consolidate/compute/", joins.compute, name="compute_joins"),
    path("consolidate/look/<int:source_id>/", joins.look, name="look"),
    path("consolidate/joins/<int:join_id>/", joins.change_join, name="change_join"),
    path("consolidate/joins/<int:join_id>/look/", joins.look_at_join, name="look_at_join"),
    path("consolidate/previews/<int:preview_id>/", joins.join_preview, name="join_preview"),
    path("consolidate/previews/<int:preview_id>/apply/", joins.apply_preview, name="apply_preview"),
    path(
        "consolidate/previews/<int:preview_id>/unmatched/<slug:side>/",
        joins.unmatched,
        name="unmatched",
    ),
    path("wrangle/", tables.wrangle, name="wrangle"),
    path("wrangle/add/<slug:key>/", tables.add_step, name="add_step"),
    path("wrangle/steps/<int:step_id>/", tables.change_step, name="change_step"),
    path("wrangle/steps/<int:step_id>/edit/", recipe.edit_step, name="edit_step"),
    path("wrangle/fitted/add/<slug:key>/", fitted.add_choice, name="add_choice"),
    path("wrangle/fitted/look/", fitted.look_at_choices, name="look_at_choices"),
    path("wrangle/fitted/looks/<int:look_id>/", fitted.fitted_look, name="fitted_look"),
    path("wrangle/fitted/<int:step_id>/edit/", fitted.change_choice, name="change_choice"),
    path("wrangle/issues/", recipe.examine, name="examine"),
    path("wrangle/merge/", merging.merge, name="merge"),
    path("wrangle/history/", recipe.history, name="recipe_history"),
    path("wrangle/history/go/", recipe.go_to, name="recipe_go_to"),
    path("wrangle/recipe.json", recipe.recipe_json, name="recipe_json"),
    path("wrangle/recipe.py", recipe.recipe_script, name="recipe_script"),
    path("wrangle/take/", recipe.take_recipe, name="take_recipe"),
    path("wrangle/build/", tables.build, name="build"),
    path("table/", tables.table, name="table"),
    path("split/", splits.split, name="split"),
    path("split/chart/", splits.split_chart, name="split_chart"),
]
