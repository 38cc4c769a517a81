"""Whatever people do in whatever order: no gate is passed without enough independent people.

``SIGNING_SEQUENCES=5000 pytest tests/governance/test_signing_machine.py`` tries that many
sequences; without it, as many as fit into the suite.
"""

import datetime
import os
import zoneinfo
from dataclasses import replace

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from apps.accounts.models import User
from apps.governance import state
from apps.governance.actions.delegating import delegate_signing, revoke_delegation
from apps.governance.actions.signing import decide, withdraw
from apps.governance.actions.submitting import submit_gate
from apps.governance.finding_actions import NewFinding
from apps.governance.gates import GATES
from apps.governance.models import Delegation
from apps.governance.state import ask, glance_of
from apps.planning import actions as planning
from apps.planning.queries import signed_plan
from apps.projects.actions import set_role, set_tier
from apps.projects.models import Cycle, Decision, Project, Role, Tier, Verdict
from apps.projects.rounds import quorum
from apps.projects.stages import Stage
from apps.projects.tiers import Stakes
from apps.projects.verifying import verify
from apps.web.refusals import Refusal
from tests import builders
from tests.conftest import PASSWORD
from tests.governance.signing_model import NEEDED, Approval, Gate, Lending

pytestmark = pytest.mark.once
SEQUENCES = int(os.environ.get("SIGNING_SEQUENCES", "60"))
STEPS = 12
NOON = datetime.datetime(2027, 3, 1, 12, tzinfo=zoneinfo.ZoneInfo("UTC"))
ROLES = {
    "ann": "analyst",
    "bob": "analyst",
    "mo": "manager",
    "noor": "manager",
    "pia": "manager",
    "vi": "viewer",
    "ada": "admin",
}
people = st.sampled_from(sorted(ROLES))
managers_mostly = st.one_of(st.sampled_from(["mo", "noor", "ann"]), people)
analysts_mostly = st.one_of(st.sampled_from(["ann", "bob"]), people)


class Signing(RuleBasedStateMachine):
    """The plan's gate of one project, and the model beside it."""

    cycle_id: int  # set by the test: rows that every sequence begins with
    users: dict[str, int]

    def __init__(self):
        super().__init__()
        self.clock = time_machine.travel(NOON, tick=False)
        self.now = self.clock.start()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.cycle = Cycle.objects.select_related("project__team").get(pk=self.cycle_id)
        self.team = self.cycle.project.team
        self.chain = self.team.chain
        self.gate = Gate(dict(ROLES), set(ROLES), tier=self.cycle.project.tier)
        self.gate.events = self.chain.seq
        self.gate.hands, self.gate.versions = {"ann"}, [0]
        self.gate.submitted, self.gate.submitter = 0, "ann"
        self.pages = {}  # what each person's open page shows
        self.looked = None  # when the gate was last compared with the model
        self.signed_on = {}  # decision -> evidence hash that its signer was shown
        self.number = 0

    def teardown(self):
        try:
            self.chain.refresh_from_db()  # a step that failed midway keeps its own message
            assert verify(self.chain).faults == []
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)
            self.clock.stop()

    @property
    def today(self):
        return datetime.datetime.now(tz=zoneinfo.ZoneInfo("UTC")).date()

    def user(self, name):
        return User.objects.get(pk=self.users[name])

    def does(self, allowed, action, **told):
        """Do it; it has to succeed exactly when the model says so, and write one event if so."""
        refused, made = None, None
        try:
            with transaction.atomic():
                made = action(**told)
        except (Refusal, PermissionDenied) as refusal:
            refused = refusal
        assert allowed == (refused is None), f"{action.__name__} {told}: {refused}"
        if refused is not None:
            return None
        self.gate.events += 1
        return made or True

    @initialize(is_strict=st.booleans(), is_promoted=st.booleans())
    def begin(self, is_strict, is_promoted):
        """Often two have to sign, and often the author has become a manager."""
        if is_strict:
            self.change_tier("mo", Tier.HIGH, "")
        if is_promoted:
            self.change_role("ann", Role.MANAGER, "ada")

    @rule(person=analysts_mostly, content=st.integers(0, 2))
    def amend(self, person, content):
        """Edit the plan's draft and make a version of it."""
        gate, user = self.gate, self.user(person)
        draft = planning.draft_of(self.cycle)
        may = gate.role(person) == "analyst"
        for task, said in builders.plan_content(metrics={"baseline": 0.7 + content / 100}).items():
            if draft.content.get(task) == said:
                continue
            told = {"cycle": self.cycle, "task": task, "content": said, "by": user}
            if self.does(may, planning.save_task, revision=draft.revision, **told):
                gate.editors.add(person)
                draft.refresh_from_db()
        self.version(person)

    @rule(person=analysts_mostly)
    def version(self, person):
        gate = self.gate
        draft = planning.draft_of(self.cycle)
        if not draft.content:
            return
        content = round((draft.content["metrics"]["baseline"] - 0.7) * 100)
        may = gate.role(person) == "analyst" and content != gate.subject
        told = {"cycle": self.cycle, "by": self.user(person), "reason": "again"}
        if self.does(may, planning.submit_version, **told):
            gate.hands |= gate.editors | {person}
            gate.editors = set()
            gate.versions.append(content)

    @rule(person=analysts_mostly)
    def submit(self, person):
        gate = self.gate
        may = gate.may_submit(person, self.today)
        told = {"cycle": self.cycle, "stage": Stage.PLAN, "by": self.user(person)}
        if self.does(may, submit_gate, **told):
            gate.submitted, gate.submitter = gate.subject, person
            gate.approvals, gate.ended = [], ""

    @rule(person=managers_mostly)
    def open_page(self, person):
        today = ask(self.cycle, Stage.PLAN)
        self.pages[person] = (today.shown, today.evidence_hash)

    def _decide(self, person, verdict, *, days=None):
        """Sign on the page that this person has open; one that was never opened is opened now."""
        gate = self.gate
        if person not in self.pages:
            self.open_page(person)
        shown, digest = self.pages[person]
        is_fresh = shown == ask(self.cycle, Stage.PLAN).shown
        due_on = self.today + datetime.timedelta(days=days) if days is not None else None
        needed, principal = gate.needed, gate.principal(person, self.today)
        is_returned = verdict == Verdict.RETURN
        found = [NewFinding("Name the source", owner=self.user("ada"))] if is_returned else []
        made = self.does(
            is_fresh and gate.may_sign(person, self.today),
            decide,
            cycle=self.cycle,
            stage=Stage.PLAN,
            by=self.user(person),
            password=PASSWORD,
            verdict=verdict,
            seen=shown,
            reason="Read it all",
            condition="Name the owner" if days is not None else "",
            due_on=due_on,
            findings=found,
        )
        if not made:
            return
        gate.events += len(found)
        self.signed_on[made.pk] = digest
        if verdict in {Verdict.RETURN, Verdict.REJECT}:
            gate.ended = {"return": "returned", "reject": "rejected"}[verdict]
            gate.approvals = []
            return
        given = None if gate.role(person) == "manager" else principal
        gate.approvals.append(Approval(person, given, needed, due_on))

    @rule(person=managers_mostly)
    def sign(self, person):
        self.open_page(person)
        self._decide(person, Verdict.APPROVE)

    @rule(person=managers_mostly)
    def sign_what_is_open(self, person):
        self._decide(person, Verdict.APPROVE)

    @rule(
        reader=st.sampled_from(["mo", "noor"]),
        author=st.sampled_from(["bob", "ann"]),
        other=st.integers(1, 2),
    )
    def sign_what_was_amended_meanwhile(self, reader, author, other):
        """The page was opened, then the plan was amended and submitted anew."""
        self.open_page(reader)
        self.amend(author, (self.gate.subject + other) % 3)
        self.submit(author)
        self._decide(reader, Verdict.APPROVE)

    @rule(person=managers_mostly, days=st.integers(0, 3))
    def sign_with_condition(self, person, days):
        self.open_page(person)
        self._decide(person, Verdict.CONDITIONS, days=days)

    @rule(person=managers_mostly, verdict=st.sampled_from([Verdict.RETURN, Verdict.REJECT]))
    def send_back(self, person, verdict):
        self.open_page(person)
        self._decide(person, verdict)

    @rule(first=managers_mostly, second=managers_mostly)
    def two_at_once(self, first, second):
        """Both have the same page open when they press the button; the second may be the same."""
        self.open_page(first)
        self.open_page(second)
        self._decide(first, Verdict.APPROVE)
        self._decide(second, Verdict.APPROVE)

    @rule(person=managers_mostly)
    def take_back(self, person):
        gate = self.gate
        may = gate.may_withdraw(person, self.today)
        told = {"cycle": self.cycle, "stage": Stage.PLAN, "by": self.user(person)}
        if self.does(may, withdraw, password=PASSWORD, reason="No", **told):
            gate.approvals, gate.ended = [], "stale"

    @rule(person=people, role=st.sampled_from([*Role, None]), by=st.sampled_from(["ada", "mo"]))
    def change_role(self, person, role, by):
        if person == "ada":
            return  # the team keeps somebody who can give roles
        may = self.gate.role(by) == "admin"
        told = {"team": self.team, "user": self.user(person), "role": role, "by": self.user(by)}
        if self.does(may, set_role, **told):
            self.gate.roles[person] = role.value if role else None

    @rule(person=people)
    def hand_over(self, person):
        """Another owner: whoever wrote the plan wrote it all the same."""
        Project.objects.filter(pk=self.cycle.project_id).update(owner=self.users[person])

    @rule(person=people)
    def close_or_open_an_account(self, person):
        """People are never deleted; an account that is closed may be opened again."""
        if person == "ada":
            return
        self.gate.active ^= {person}
        User.objects.filter(pk=self.users[person]).update(is_active=person in self.gate.active)

    @rule(giver=managers_mostly, delegate=people, wait=st.integers(0, 1), days=st.integers(0, 2))
    def lend(self, giver, delegate, wait, days):
        gate, first = self.gate, self.today + datetime.timedelta(days=wait)
        last = first + datetime.timedelta(days=days)
        may = (
            gate.role(giver) == "manager"
            and gate.role(delegate) not in (None, "manager")
            and giver != delegate
        )
        made = self.does(
            may,
            delegate_signing,
            team=self.team,
            delegate=self.user(delegate),
            starts_on=first,
            ends_on=last,
            reason="On leave",
            by=self.user(giver),
        )
        if made:
            gate.lendings.append(Lending(made.pk, giver, delegate, first, last))

    @rule(which=st.integers(0, 5), person=managers_mostly)
    def take_lending_back(self, which, person):
        gate = self.gate
        if which >= len(gate.lendings):
            return
        one, role = gate.lendings[which], gate.role(person)
        may = role == "admin" or (role is not None and person == one.giver)
        delegation = Delegation.objects.get(pk=one.pk)
        told = {"delegation": delegation, "reason": "Back", "by": self.user(person)}
        if self.does(may and not one.is_over, revoke_delegation, **told):
            one.is_over = True

    @rule(person=managers_mostly, tier=st.sampled_from(Tier), reason=st.sampled_from(["", "Trial"]))
    def change_tier(self, person, tier, reason):
        """What is stated gives tier 2: to set tier 3 takes a reason."""
        gate = self.gate
        may = gate.role(person) == "manager" and (tier <= Tier.MEDIUM or bool(reason))
        stakes = Stakes(decisions_per_month=1000)
        told = {"project": self.cycle.project, "stakes": stakes, "by": self.user(person)}
        if self.does(may, set_tier, tier=tier, reason=reason, **told):
            gate.tier = int(tier)

    @rule()
    def sleep_a_night(self):
        self.now.shift(datetime.timedelta(days=1))

    @invariant()
    def the_gate_is_as_the_model_says(self):
        moment = (self.gate.events, self.today, frozenset(self.gate.active))
        if moment == self.looked:
            return  # nothing happened since
        self.looked = moment
        seen = glance_of(self.cycle, Stage.PLAN)
        assert seen.state == self.gate.state(self.today)
        is_signed = signed_plan(self.cycle) is not None
        assert is_signed == (seen.state == "passed")
        if is_signed:
            self._enough_independent_people_signed_what_they_read(seen)

    def _enough_independent_people_signed_what_they_read(self, seen):
        """Straight from the rows, past both the model and the product's own counting."""
        plans = list(self.cycle.plans.all())
        wrote = {person for plan in plans for person in (plan.author_id, *plan.editor_ids)}
        rows = list(Decision.objects.filter(cycle=self.cycle).order_by("-number"))
        voices = set()
        for row in rows[: seen.round.needed]:
            assert row.verdict in {"approve", "conditions"}
            assert row.subject == seen.subject
            assert row.evidence_hash == self.signed_on[row.pk]
            assert row.person_id not in wrote
            assert row.role == "manager" or row.on_behalf_of_id not in {None, *wrote}
            voices.add(row.on_behalf_of_id or row.person_id)
        tier = Project.objects.get(pk=self.cycle.project_id).tier
        assert len({row.person_id for row in rows[: len(voices)]}) == len(voices)
        assert len(voices) >= NEEDED[tier] == quorum(Stage.PLAN, tier).count

    @invariant()
    def every_change_has_exactly_one_event(self):
        self.chain.refresh_from_db()
        assert self.chain.seq == self.gate.events


@pytest.fixture
def machine(team, join, cycle, monkeypatch):
    """The machine with its rows: seven people, a project of tier 2, a plan at its gate.

    Two questions of the gate's eight are asked: the others take time and say nothing new here.
    """
    made = {name: join(Role(role), name=name) for name, role in ROLES.items()}
    stakes = Stakes(decisions_per_month=1000, money_per_year=200_000)
    set_tier(project=cycle.project, stakes=stakes, tier=2, reason="", by=made["mo"])
    plan = replace(GATES[0], checks=GATES[0].checks[:2])
    monkeypatch.setattr(state, "GATES", (plan, *GATES[1:]))
    builders.make_plan(cycle, made["ann"], metrics={"baseline": 0.7})
    submit_gate(cycle=cycle, stage=Stage.PLAN, by=made["ann"])
    users = {name: user.pk for name, user in made.items()}
    return type("Signing", (Signing,), {"cycle_id": cycle.pk, "users": users})


def test_no_path_leads_to_passed_without_enough_independent_people(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=STEPS,
            database=None,
            derandomize="SIGNING_SEQUENCES" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
