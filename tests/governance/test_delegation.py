"""Signing for somebody else: with dates, in one's own name, never on one's own work."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from apps.governance.actions.delegating import delegate_signing, revoke_delegation
from apps.governance.inbox import waiting_for
from apps.governance.models import Delegation
from apps.governance.signers import NotIndependent
from apps.governance.state import ask
from apps.projects.actions import set_role, set_tier
from apps.projects.models import Role, Team, Verdict
from apps.projects.rounds import house_today
from apps.projects.stages import Stage
from apps.projects.tiers import Stakes
from apps.web.refusals import Refusal

DAY = timedelta(days=1)


@pytest.fixture
def deputy(join):
    return join(Role.VIEWER, name="De Puty")


@pytest.fixture
def lend(team, manager, deputy):
    """``lend()`` has the deputy sign for the manager today and tomorrow; keywords change that."""

    def make(**but):
        today = house_today()
        told = {"team": team, "delegate": deputy, "starts_on": today, "ends_on": today + DAY}
        return delegate_signing(**{**told, "reason": "On leave", "by": manager, **but})

    return make


def test_a_delegate_signs_in_their_own_name_for_the_manager(
    submitted, sign, lend, deputy, manager, client
):
    with pytest.raises(PermissionDenied):
        sign(deputy)
    lend()
    assert [line.asks for line in waiting_for(deputy)] == ["Decide"]
    decision = sign(deputy)
    assert (decision.person, decision.on_behalf_of) == (deputy, manager)
    assert (decision.person_name, decision.on_behalf_name) == ("De Puty", "Mo Okafor")
    event = submitted.project.events.latest("seq")
    assert event.says == "De Puty, for Mo Okafor: planning gate approved"
    assert event.facts["on_behalf_of"] == manager.pk
    assert ask(submitted, Stage.PLAN).glance.state == "passed"
    client.force_login(deputy)
    page = client.get(reverse("governance:gate", args=[submitted.project.slug, "plan"]))
    assert "by De Puty, viewer, for Mo Okafor" in page.content.decode()


def test_it_holds_from_its_first_day_to_the_end_of_its_last(
    sign, lend, deputy, submitted, time_machine, settings
):
    settings.TIME_ZONE = "Europe/Berlin"
    time_machine.move_to("2027-03-01T12:00:00+01:00", tick=False)
    lend(starts_on=house_today() + DAY, ends_on=house_today() + 2 * DAY)
    for moment, holds in (
        ("2027-03-01T23:59:59+01:00", False),
        ("2027-03-02T00:00:00+01:00", True),
        ("2027-03-03T23:59:59+01:00", True),
        ("2027-03-04T00:00:00+01:00", False),
    ):
        time_machine.move_to(moment, tick=False)
        assert bool(waiting_for(deputy)) is holds, moment
    with pytest.raises(PermissionDenied):
        sign(deputy)


def test_taking_it_back_ends_it_at_once_and_once(sign, lend, deputy, manager, team):
    delegation = lend()
    revoke_delegation(delegation=delegation, reason="Back again", by=manager)
    with pytest.raises(PermissionDenied):
        sign(deputy)
    with pytest.raises(Refusal, match="taken back already"):
        revoke_delegation(delegation=delegation, reason="Back again", by=manager)
    verbs = list(team.chain.events.order_by("-seq").values_list("verb", flat=True)[:2])
    assert verbs == ["team.delegation_revoked", "team.signing_delegated"]


def test_it_ends_with_the_role_of_who_gave_it_and_with_the_account_of_who_has_it(
    sign, lend, deputy, manager, join, team
):
    lend()
    admin = join(Role.ADMIN, name="Ada Novak")
    set_role(team=team, user=manager, role=Role.VIEWER, by=admin)
    with pytest.raises(PermissionDenied):
        sign(deputy)
    set_role(team=team, user=manager, role=Role.MANAGER, by=admin)
    type(deputy).objects.filter(pk=deputy.pk).update(is_active=False)
    with pytest.raises(PermissionDenied):
        sign(deputy)


def test_who_had_a_hand_in_it_signs_for_nobody_and_nobody_signs_for_them(
    submitted, sign, lend, deputy, analyst, join, team
):
    lend(delegate=analyst)
    with pytest.raises(NotIndependent, match="You wrote"):
        sign(analyst)
    admin = join(Role.ADMIN, name="Ada Novak")
    set_role(team=team, user=analyst, role=Role.MANAGER, by=admin)
    lend(by=analyst)
    with pytest.raises(NotIndependent, match="Ann Lind, for whom you would sign, had a hand"):
        sign(deputy)


def test_a_manager_and_their_delegate_are_one_voice(submitted, sign, lend, deputy, manager, join):
    set_tier(project=submitted.project, stakes=Stakes(), tier=1, reason="", by=manager)
    lend()
    sign(manager)
    with pytest.raises(Refusal, match="Mo Okafor, for whom you sign, is counted already"):
        sign(deputy)
    lend(by=join(Role.MANAGER, name="Noor Haddad"))
    assert sign(deputy).on_behalf_name == "Noor Haddad"
    assert ask(submitted, Stage.PLAN).glance.state == "passed"


def test_one_delegate_of_two_managers_is_one_person(submitted, sign, lend, deputy, manager, join):
    set_tier(project=submitted.project, stakes=Stakes(), tier=1, reason="", by=manager)
    lend()
    lend(by=join(Role.MANAGER, name="Noor Haddad"))
    sign(deputy)
    with pytest.raises(Refusal, match="You have signed this already"):
        sign(deputy, verdict=Verdict.APPROVE)


def test_what_is_no_delegation_is_refused_in_words(lend, manager, join, analyst, team):
    today = house_today()
    other = join(Role.VIEWER, into=Team.objects.create(name="Elsewhere"))
    for but, says in (
        ({"starts_on": today - DAY}, "in the past"),
        ({"ends_on": today - DAY}, "before the first day"),
        ({"ends_on": today + 93 * DAY}, "three months at most"),
        ({"reason": " "}, "Say why"),
        ({"delegate": manager}, "another member"),
        ({"delegate": other}, "another member"),
        ({"delegate": join(Role.MANAGER)}, "in their own right"),
    ):
        with pytest.raises(Refusal, match=says):
            lend(**but)
    with pytest.raises(PermissionDenied):
        lend(by=analyst, delegate=join(Role.VIEWER))
    assert not Delegation.objects.exists()


def test_only_the_giver_or_a_team_admin_takes_it_back(lend, deputy, analyst, join):
    delegation = lend()
    for person in (deputy, analyst, join(Role.MANAGER)):
        with pytest.raises(PermissionDenied):
            revoke_delegation(delegation=delegation, reason="No", by=person)
    revoke_delegation(delegation=delegation, reason="Asked for it", by=join(Role.ADMIN))


def test_the_teams_page_makes_shows_and_ends_a_delegation(client, team, manager, deputy, analyst):
    today = house_today()
    form = {"delegate": deputy.pk, "starts_on": today, "ends_on": today, "reason": "On leave"}
    address = reverse("governance:delegate", args=[team.pk])
    client.force_login(analyst)
    assert client.post(address, form).status_code == 403
    client.force_login(manager)
    assert client.post(address, {**form, "ends_on": today - DAY}).status_code == 422
    assert client.post(address, form).status_code == 302
    page = client.get(reverse("governance:team", args=[team.pk])).content.decode()
    assert "<strong>De Puty</strong> for Mo Okafor" in page
    revoke = reverse("governance:revoke", args=[team.pk, Delegation.objects.get().pk])
    assert client.post(revoke, {"reason": "Back again"}).status_code == 302
    page = client.get(reverse("governance:team", args=[team.pk])).content.decode()
    assert "taken back by Mo Okafor" in page


def test_strangers_find_no_delegation(client, team, lend, stranger):
    delegation = lend()
    client.force_login(stranger)
    for name, args in (("delegate", [team.pk]), ("revoke", [team.pk, delegation.pk])):
        assert client.post(reverse(f"governance:{name}", args=args), {}).status_code == 404


def test_a_condition_is_overdue_from_the_midnight_of_the_installation_whatever_zone_is_active(
    submitted, sign, manager, time_machine, settings
):
    settings.TIME_ZONE = "Europe/Berlin"
    time_machine.move_to("2027-03-01T12:00:00+01:00", tick=False)
    due_on = house_today() + DAY
    sign(manager, verdict=Verdict.CONDITIONS, condition="Name the owner", due_on=due_on)
    for moment, says in (
        ("2027-03-02T23:59:59+01:00", "passed"),
        ("2027-03-03T00:00:00+01:00", "stale"),
    ):
        time_machine.move_to(moment, tick=False)
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            with timezone.override(zone):
                assert ask(submitted, Stage.PLAN).glance.state == says, (moment, zone)
