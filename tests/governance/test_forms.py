"""What the small forms of the watch tower show, and what they do not do by default."""

import pytest
from django.urls import reverse

from apps.projects.actions import set_tier
from apps.projects.models import Purpose, Role
from apps.projects.tiers import Stakes


@pytest.fixture
def team_page(client, team, join):
    """``team_page(email="...", role="...")`` is posted by the team's admin."""
    client.force_login(join(Role.ADMIN, name="Ada Novak"))
    address = reverse("governance:team", args=[team.pk])
    return lambda **data: client.post(address, data) if data else client.get(address)


def role_of(team, person):
    return getattr(team.memberships.filter(user=person).first(), "role", None)


def test_giving_a_role_without_choosing_one_takes_nobody_out(team_page, team, viewer):
    assert '<option value="" selected>Choose a role</option>' in team_page().content.decode()
    for answer in (team_page(email=viewer.email), team_page(email=viewer.email, role="")):
        assert answer.status_code == 422
        assert "role" in answer.context["form"].errors
    assert role_of(team, viewer) == Role.VIEWER


def test_a_role_is_given_and_a_person_taken_out_when_it_is_said(team_page, team, viewer):
    assert team_page(email=viewer.email, role="manager").status_code == 302
    assert role_of(team, viewer) == Role.MANAGER
    assert team_page(email=viewer.email, role="none").status_code == 302
    assert role_of(team, viewer) is None


def test_the_tier_form_shows_whole_numbers_as_people_write_them(client, project, manager):
    stakes = Stakes(Purpose.OPERATIONS, decisions_per_month=20000.0, money_per_year=1234.5)
    set_tier(project=project, stakes=stakes, tier=1, reason="", by=manager)
    client.force_login(manager)
    page = client.get(reverse("governance:tier", args=[project.slug])).content.decode()
    assert 'value="20000"' in page
    assert 'value="1234.5"' in page
    assert "20000.0" not in page
