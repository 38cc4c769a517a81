"""A contingency of the plan is drilled: recorded by people, or measured on a rehearsal call."""

import pytest
from django.urls import reverse

from apps.production import release_actions
from apps.production.models import Call, Drill, FallbackKind
from apps.production.release.releases import risks_of
from apps.projects.models import Tier
from apps.web.refusals import Refusal
from tests.production.test_releases import check

RISK = "The scanner is replaced"
CONTINGENCY = "Read in order of arrival until the model is retrained"
HOW = {"risk": RISK, "done": "A day without it", "took_s": 90.0, "note": ""}


def drilled(cycle):
    return check("production.contingencies_are_drilled", cycle)


@pytest.fixture
def tier_1(release):
    project = release.cycle.project
    project.tier = Tier.HIGH
    project.save(update_fields=["tier"])


def test_a_high_risk_that_was_never_drilled_blocks_at_tier_1_and_warns_at_others(release, analyst):
    cycle = release.cycle
    assert cycle.project.tier != Tier.HIGH
    assert drilled(cycle).state == "warn"
    cycle.project.tier = Tier.HIGH
    told = drilled(cycle)
    assert (told.state, RISK in told.says, CONTINGENCY in told.says) == ("block", True, True)
    release_actions.record_drill(cycle=cycle, by=analyst, passed=False, **{**HOW, "note": "Slow"})
    assert drilled(cycle).state == "block", "a failed drill is none"
    release_actions.record_drill(cycle=cycle, by=analyst, passed=True, **HOW)
    told = drilled(cycle)
    assert (told.state, "90 s" in told.says) == ("pass", True)


def test_another_contingency_is_not_drilled(release, analyst):
    from tests import builders

    release_actions.record_drill(cycle=release.cycle, by=analyst, passed=True, **HOW)
    assert risks_of(release.cycle)[0].is_drilled
    risk = {**builders.PLAN["risks"]["items"][0], "contingency": "Stop"}
    builders.make_plan(release.cycle, analyst, risks={"items": [risk]})
    assert not risks_of(release.cycle)[0].is_drilled


@pytest.mark.parametrize(
    ("but", "says"),
    [
        ({"risk": "A meteor"}, "names no such risk"),
        ({"done": " "}, "what was done"),
        ({"passed": False}, "what went wrong"),
    ],
)
def test_a_drill_names_a_risk_of_the_plan_and_says_what_was_done(release, analyst, but, says):
    with pytest.raises(Refusal, match=says):
        release_actions.record_drill(
            cycle=release.cycle, by=analyst, **{**HOW, "passed": True, **but}
        )


@pytest.mark.parametrize(
    ("kind", "passed", "says"),
    [
        (FallbackKind.STOP, True, "refused with 503 stopped"),
        (FallbackKind.RULE, True, "answered by the rule: no"),
        (FallbackKind.RELEASE, False, "no earlier signed release"),
    ],
)
def test_the_fallback_is_drilled_on_a_rehearsal_call_and_measured(
    release, analyst, kind, passed, says
):
    from apps.engine.serving.fallback import Rule

    endpoint = release.deployment
    with pytest.raises(Refusal, match="No fallback is set"):
        release_actions.drill_fallback(deployment=endpoint, risk=RISK, by=analyst)
    release_actions.set_fallback(
        deployment=endpoint, kind=kind, rule=Rule("no") if kind == "rule" else None, by=analyst
    )
    made = release_actions.drill_fallback(deployment=endpoint, risk=RISK, by=analyst)
    assert (made.passed, says in made.done, made.contingency) == (passed, True, CONTINGENCY)
    assert 0 < made.took_s < 30
    assert Call.objects.filter(is_rehearsal=False).count() == 0
    assert Call.objects.filter(is_rehearsal=True).count() == passed
    assert not endpoint.switches.exists(), "what is live stays as it is"


def test_the_page_lists_risks_with_their_last_drill_and_takes_a_new_one(
    release, tier_1, analyst, viewer, client
):
    slug = release.cycle.project.slug
    page, post = (reverse(f"production:{name}", args=[slug]) for name in ("drills", "record_drill"))
    client.force_login(analyst)
    assert "never: blocks the gate" in client.get(page).content.decode()
    assert client.post(post, {**HOW, "passed": "yes", "took_s": "-1"}).status_code == 422
    assert client.post(post, {**HOW, "passed": "yes"}).status_code == 302
    assert Drill.objects.get().person == analyst
    assert "A day without it" in client.get(page).content.decode()
    client.force_login(viewer)
    assert client.get(page).status_code == 200
    assert client.post(post, {**HOW, "passed": "yes"}).status_code == 403
