"""People at their browsers, with a real broker and a real worker behind the pages."""

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.jobs.models import Job, JobState
from apps.projects.models import Role
from tests.conftest import PASSWORD


@pytest.fixture
def person(browser: Browser, live_server, crew, join, monkeypatch):
    """``person(Role.ANALYST, "Ann Lind")`` signs in and returns the open page."""
    # Playwright runs an event loop in this thread; Django would refuse the database there.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    problems: list[str] = []

    def make(role: Role, name: str) -> Page:
        user = join(role, name=name)
        page = browser.new_context(base_url=live_server.url).new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda line: (
                problems.append(line.text)
                if line.type == "error" and "Content Security Policy" in line.text
                else None
            ),
        )
        page.goto("/accounts/login/")
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Good to see you")
        return page

    yield make
    # What the page only sums up, the test's report shows whole.
    failed = Job.objects.filter(state=JobState.FAILED)
    assert not failed, "\n".join(f"{job.title}: {job.problem}\n{job.log}" for job in failed)
    assert not problems, problems
