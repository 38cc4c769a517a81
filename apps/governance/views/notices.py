"""What a person was told, and that they have read it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.governance.notices import notices_of
from apps.web.declare import signed_in
from apps.web.fragments import render_page
from apps.web.paging import page_of


@require_GET
@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for me, oldest first; then what I was told, newest first."""
    page = page_of(notices_of(request.user), request, per_page=20)
    context = {"page": page, "notices": list(page)}
    return render_page(request, "governance/inbox.html", context)


@require_POST
@signed_in
def read_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Mark a notice as read and go where it points."""
    notice = get_object_or_404(notices_of(request.user), pk=notice_id)
    if notice.read_at is None:
        notice.read_at = timezone.now()
        notice.save(update_fields=["read_at"])
    return redirect(notice.link)


@require_POST
@signed_in
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    request.user.notices.filter(read_at=None).update(read_at=timezone.now())
    messages.success(request, "All notices are marked as read.")
    return redirect("governance:inbox")
