"""A person's own page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.accounts.forms import ProfileForm
from apps.web.declare import signed_in
from apps.web.fragments import render_page


@require_http_methods(["GET", "POST"])
@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    """Name, theme, and the way to password and second factor."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        response = redirect("accounts:profile")
        response.delete_cookie("theme")  # the menu's choice of this browser gives way
        return response
    status = 422 if form.is_bound else 200
    return render_page(request, "accounts/profile.html", {"form": form}, status=status)
