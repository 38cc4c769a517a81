"""Pages about oneself; sign-in itself is allauth's."""

from django.urls import path

from apps.accounts import views

app_name = "accounts"
urlpatterns = [path("me/", views.profile, name="profile")]
