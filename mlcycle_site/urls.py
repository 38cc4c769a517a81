"""One line per room. allauth and the admin guard themselves and are stamped as such."""

from allauth.account import urls as account_urls
from allauth.account.decorators import secure_admin_login
from allauth.mfa import urls as mfa_urls
from django.contrib import admin
from django.urls import include, path

from apps.web.declare import PUBLIC, SIGNED_IN, declare_all

admin.site.site_header = "ML Cycle administration"
admin.site.site_title = "ML Cycle"
admin.site.index_title = "Administration"
admin.site.login = secure_admin_login(admin.site.login)

# Accounts are made, and lost passwords replaced, by an administrator: what allauth has for
# e-mail and for signing up alone has no address here. (account_signup says that it is closed.)
OF_ALLAUTH = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reauthenticate",
    "account_change_password",
}
account_patterns = [entry for entry in account_urls.urlpatterns if entry.name in OF_ALLAUTH]
admin_patterns, _, admin_namespace = admin.site.urls

urlpatterns = [
    path("", include("apps.governance.urls")),
    path("accounts/", include(declare_all(account_patterns, PUBLIC))),
    path("accounts/2fa/", include(declare_all(mfa_urls.urlpatterns, SIGNED_IN))),
    path("", include("apps.accounts.urls")),
    path("jobs/", include("apps.jobs.urls")),
    path("", include("apps.jobs.health")),
    path("", include("apps.production.watch.metrics")),
    path("schemas/", include("apps.planning.schema_urls")),
    path("p/<slug:slug>/plan/", include("apps.planning.urls")),
    path("team/<int:team_id>/databases/", include("apps.datasets.team_urls")),
    path("p/<slug:slug>/data/", include("apps.datasets.urls")),
    path("p/<slug:slug>/explore/", include("apps.eda.urls")),
    path("p/<slug:slug>/model/", include("apps.modeling.urls")),
    path("p/<slug:slug>/production/", include("apps.production.urls")),
    path("api/v1/experiments/", include("apps.modeling.api_urls")),
    path("api/v1/", include("apps.production.api_urls")),
    path("admin/", (declare_all(admin_patterns, "staff"), "admin", admin_namespace)),
]
