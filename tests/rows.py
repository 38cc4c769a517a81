"""Rows of every kind, straight into the tables: for tests about lists, not about actions."""

from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.database_models import Connection, Query
from apps.datasets.models import (
    Acceptance,
    Consolidation,
    Contract,
    ContractRun,
    Datasheet,
    Examination,
    FittedLook,
    Join,
    JoinPreview,
    JoinResult,
    RecipeState,
    Source,
    Split,
    Step,
    Table,
    Upload,
    Version,
)
from apps.eda.models import Answer, Finding, Profile, SealedLook, SealedSight, View
from apps.governance.actions.submitting import discuss, submit_gate
from apps.governance.finding_actions import (
    NewFinding,
    answer_finding,
    close_finding,
    raise_findings,
)
from apps.governance.models import (
    AlertBudget,
    Delegation,
    Delivery,
    EvidenceView,
    GateFinding,
    NoticeKind,
    Pack,
    PasswordCount,
    Revocation,
    SignedPage,
    ToldIncident,
    Verification,
    WarningAccepted,
    Webhook,
)
from apps.governance.notices import notify
from apps.jobs.models import Job, Queue
from apps.modeling.models import (
    AttackRun,
    Candidate,
    Evaluation,
    Experiment,
    Opening,
    Reproduction,
    RowExplanation,
    Trial,
)
from apps.planning.models import ColumnClass, Plan, Sensitivity
from apps.production.log.tallying import recount
from apps.production.models import (
    Actual,
    ActualsFile,
    Alarm,
    ApiToken,
    Call,
    Deployment,
    DriftReference,
    Drill,
    Fallback,
    FlipReport,
    GlassRequest,
    Incident,
    Prediction,
    Release,
    Removal,
    Retention,
    Scores,
    Scoring,
    ScoringRemoval,
    Segment,
    Switch,
    WatchReport,
    WirePolicy,
)
from apps.projects import actions
from apps.projects.models import Chain, ConditionMet, Decision, Membership, Project, Role, Team
from apps.projects.stages import Stage
from tests import builders


class Rows:
    """Adds one more row of a kind to a team's projects; straight into the tables, for speed."""

    def __init__(self, project: Project, analyst: User) -> None:
        self.project, self.cycle, self.by = project, project.cycle, analyst
        self.plan = builders.make_plan(self.cycle, analyst)
        table = Table.objects.create(
            cycle=self.cycle, inputs={}, inputs_hash="1" * 64, built_by=analyst
        )
        how = {"method": "random", "target": "y", "test_share": 0.2, "folds": 5, "seed": 0}
        self.split = Split.objects.create(table=table, plan=self.plan, drawn_by=analyst, **how)
        self.experiment = Experiment.objects.create(
            cycle=self.cycle,
            number=1,
            split=self.split,
            plan=self.plan,
            features=[],
            started_by=analyst,
        )

    def job(self, number: int) -> Job:
        return Job.objects.create(
            task="x.y", queue=Queue.DATA, title=f"Job {number}", project=self.project, by=self.by
        )

    def project_to_sign(self, number: int) -> None:
        team, name = self.project.team, f"Project {number}"
        cycle = actions.start_project(team=team, name=name, by=self.by).cycle
        content = builders.plan_content()
        Plan.objects.create(cycle=cycle, number=1, content=content, content_hash="", author=self.by)
        submit_gate(cycle=cycle, stage=Stage.PLAN, by=self.by)

    def plan_version(self, number: int) -> None:
        builders.make_plan(self.cycle, self.by, metrics={"expected_rows": 1000 + number})

    def source(self, number: int) -> Source:
        source = Source.objects.create(
            project=self.project, name=f"source {number}", created_by=self.by
        )
        Version.objects.create(
            source=source, number=1, size_bytes=1, uploaded_by=self.by, job=self.job(number)
        )
        return source

    def trial(self, number: int) -> Candidate:
        trial = Trial.objects.create(
            experiment=self.experiment, candidate="linear", title="L", job=self.job(number)
        )
        return Candidate.objects.create(
            trial=trial, cycle=self.cycle, frozen_by=self.by, job=self.job(number)
        )

    def prediction_and_alarm(self, number: int) -> Prediction:
        deployment, _ = Deployment.objects.get_or_create(
            project=self.project, defaults={"slug": "d", "created_by": self.by}
        )
        release = Release.objects.create(
            deployment=deployment,
            number=number + 1,
            cycle=self.cycle,
            candidate=self.trial(number),
            created_by=self.by,
        )
        now = timezone.now()
        call = Call.objects.create(deployment=deployment, status=200, latency_ms=1.0, at=now)
        prediction = Prediction.objects.create(
            call=call, deployment=deployment, release=release, row={}, prediction=1, at=now
        )
        seen = {"severity": "high", "says": "x", "raised_at": now, "last_seen_at": now}
        incident = Incident.objects.create(
            deployment=deployment, number=number + 1, owner=self.by, due_at=now, **seen
        )
        incident.notes.create(person=self.by, text="It is the feed", at=now)
        Alarm.objects.create(release=release, key="psi", incident=incident, **seen)
        return prediction

    def member(self, number: int) -> None:
        Membership.objects.create(
            team=self.project.team,
            user=User.objects.create_user(f"m{number}@example.org", name=f"M {number}"),
            role=Role.VIEWER,
        )

    def pack(self, number: int) -> None:
        decision = self.cycle.decisions.create(
            stage=Stage.PLAN,
            number=number + 1,
            subject="",
            evidence_hash="",
            evidence={},
            person=self.by,
            person_name="x",
            role=Role.MANAGER,
            verdict="return",
        )
        Pack.objects.create(
            cycle=self.cycle, decision=decision, job=self.job(number), by=self.by, sha256="3" * 64
        )

    def ledger(self, number: int) -> None:
        team = Team.objects.create(name=f"Team {number}")
        for person in User.objects.all():
            Membership.objects.create(team=team, user=person, role=Role.MANAGER)
        chain = Chain.objects.create(team=team)
        Verification.objects.create(chain=chain, job=self.job(number), by=self.by, events=0)

    def delegation(self, number: int) -> None:
        self.member(number)
        today = timezone.localdate()
        Delegation.objects.create(
            team=self.project.team,
            giver=self.by,
            delegate=User.objects.get(email=f"m{number}@example.org"),
            starts_on=today,
            ends_on=today,
            reason="On leave",
        )

    def of_every_kind(self, manager: User) -> None:
        """One row at least of each model of ours. The project's plan gate becomes passed."""
        self._signed(manager)
        self._data()
        self._opened()
        self._served()
        self.told(5)

    def _signed(self, manager: User) -> None:
        submit_gate(cycle=self.cycle, stage=Stage.PLAN, by=self.by)
        submission = self.cycle.submissions.get()
        fields = ("cycle", "stage", "subject", "evidence_hash", "evidence")
        decision = self.cycle.decisions.create(
            **{name: getattr(submission, name) for name in fields},
            number=1,
            submission=submission,
            person=manager,
            person_name=str(manager),
            role=Role.MANAGER,
            verdict="approve",
            meaning="I approve",
        )
        ConditionMet.objects.create(decision=decision, person=manager, note="It is so")
        discuss(cycle=self.cycle, stage=Stage.PLAN, by=self.by, text="Why so late?")
        self._delegated(manager)
        EvidenceView.objects.create(
            cycle=self.cycle,
            stage=Stage.PLAN,
            submission=submission,
            check_key="plan.exists",
            person=manager,
        )
        PasswordCount.objects.create(person=manager, wrong=1, last_at=timezone.now())
        Pack.objects.create(cycle=self.cycle, decision=decision, job=self.job(8), by=manager)
        chain = Chain.objects.get(team=self.project.team)
        Verification.objects.create(chain=chain, job=self.job(9), by=manager)
        self._found(decision, manager)

    def _delegated(self, manager: User) -> None:
        today = timezone.localdate()
        delegation = Delegation.objects.create(
            team=self.project.team,
            giver=manager,
            delegate=self.by,
            starts_on=today,
            ends_on=today,
            reason="On leave",
        )
        Revocation.objects.create(delegation=delegation, person=manager, reason="Back again")

    def _found(self, decision: Decision, manager: User) -> None:
        finding = self.finding(0)
        answer_finding(finding=finding, text="The report of May", by=self.by)
        close_finding(finding=finding, by=manager)
        accepted = {"stage": Stage.PLAN, "check_key": "plan.exists", "answer_hash": "4" * 64}
        WarningAccepted.objects.create(
            cycle=self.cycle, person=manager, note="Small enough", **accepted
        )
        SignedPage.objects.create(decision=decision, sha256="5" * 64, page=b"<p>Read</p>")

    def finding(self, number: int) -> GateFinding:
        """Raised by the analyst, answered by the analyst: it waits for itself."""
        new = NewFinding(f"Name source {number}", owner=self.by)
        made = raise_findings(cycle=self.cycle, stage=Stage.PLAN, new=[new], by=self.by)
        return made[0]

    def notice(self, number: int) -> None:
        people = self.project.team.memberships.values_list("user", flat=True)
        notify(
            people,
            kind=NoticeKind.DECIDED,
            project=self.project,
            says=f"Decision {number}",
            link="/",
            key=f"test:{number}",
        )

    def _data(self) -> None:
        base, other = self.source(1), self.source(2)
        how = Consolidation.objects.create(cycle=self.cycle, base=base, edited_by=self.by)
        join = Join.objects.create(
            consolidation=how,
            position=1,
            source=other,
            left_on=["id"],
            right_on=["id"],
            created_by=self.by,
        )
        JoinResult.objects.create(
            project=self.project, key="3" * 64, join=join, parquet="4" * 64, rows=1, columns=1
        )
        JoinPreview.objects.create(
            project=self.project, source=other, inputs={}, key="5" * 64, created_by=self.by
        )
        Step.objects.create(cycle=self.cycle, position=1, step="trim_text", created_by=self.by)
        RecipeState.objects.create(cycle=self.cycle, steps=[], says="begun", by=self.by)
        Examination.objects.create(cycle=self.cycle, inputs={}, asked_by=self.by)
        FittedLook.objects.create(
            cycle=self.cycle, split=self.split, choices=[], features=[], asked_by=self.by
        )
        Upload.objects.create(
            project=self.project, filename="a.csv", size_bytes=1, created_by=self.by
        )
        connection = Connection.objects.create(
            team=self.project.team, name="warehouse", sealed="5ec7e7", created_by=self.by
        )
        Query.objects.create(source=base, connection=connection, sql="SELECT 1", asked_by=self.by)
        self._agreed(base)
        Profile.objects.create(cycle=self.cycle, parquet="2" * 64, scope="table")
        Answer.objects.create(cycle=self.cycle, key="3" * 64)
        View.objects.create(cycle=self.cycle, name="Large", page="overview", made_by=self.by)
        Finding.objects.create(
            cycle=self.cycle, says="Two of each", severity="low", owner=self.by, raised_by=self.by
        )

    def _agreed(self, source: Source) -> None:
        contract = Contract.objects.create(
            project=self.project,
            source=source,
            **{"number": 1, "rules": [], "says": "drafted"},
            content_hash="6" * 64,
            author=self.by,
        )
        Acceptance.objects.create(contract=contract, person=self.by)
        of = {"project": self.project, "source": source, "parquet": "7" * 64}
        ContractRun.objects.create(contract=contract, **of)
        Datasheet.objects.create(source=source, number=1, answers={}, person=self.by)
        of_age = {"column": "age", "sensitivity": Sensitivity.PERSONAL, "person": self.by}
        ColumnClass.objects.create(project=self.project, **of_age)

    def _opened(self) -> None:
        opening = Opening.objects.create(
            cycle=self.cycle,
            number=1,
            candidate=self.trial(1),
            plan=self.plan,
            split=self.split,
            job=self.job(1),
            by=self.by,
        )
        of_split = {"split": self.split, "job": self.job(5), "by": self.by}
        look = SealedLook.objects.create(cycle=self.cycle, number=1, left_out=[], **of_split)
        SealedSight.objects.create(look=look, result={})
        of_trial = {"trial": opening.candidate.trial, "by": self.by}
        Reproduction.objects.create(job=self.job(2), **of_trial)
        AttackRun.objects.create(job=self.job(3), **of_trial)
        RowExplanation.objects.create(job=self.job(4), row=7, **of_trial)
        Evaluation.objects.create(opening=opening, result={"verdicts": []})

    def _served(self) -> None:
        prediction, now = self.prediction_and_alarm(2), timezone.now()
        Actual.objects.create(prediction=prediction, value=1, at=now)
        recount(prediction.deployment)
        Segment.objects.create(name="01795642634911876819-1-4435c873.log", taken_bytes=1)
        WatchReport.objects.create(release=prediction.release, at=now)
        self._switched(prediction.release)
        till = {"name": "the till", "prefix": "mlc_abc", "sha256": "5ec7e7" + "0" * 58}
        ApiToken.objects.create(deployment=prediction.deployment, created_by=self.by, **till)

    def told(self, number: int) -> None:
        """An incident of a team with a webhook, told and sent."""
        prediction = self.prediction_and_alarm(number)
        incident = prediction.deployment.incidents.get(number=number + 1)
        ToldIncident.objects.create(incident=incident, how="at_once", at=timezone.now())
        AlertBudget.objects.get_or_create(team=self.project.team, defaults={"a_week": 5})
        webhook, _ = Webhook.objects.get_or_create(
            team=self.project.team,
            defaults={"url": "https://hooks.example.org", "made_by": self.by},
        )
        Delivery.objects.create(webhook=webhook, kind="test", key=str(number), body="{}")

    def _switched(self, release: Release) -> None:
        endpoint = {"deployment": release.deployment, "person": self.by}
        Fallback.objects.create(kind="stop", **endpoint)
        FlipReport.objects.create(before=release, after=release, job=self.job(3))
        WirePolicy.objects.create(takes=["promise"], **endpoint)
        scoring = Scoring.objects.create(number=1, release=release, job=self.job(4), **endpoint)
        ActualsFile.objects.create(filename="a.csv", sha256="5" * 64, job=self.job(9), **endpoint)
        Scores.objects.create(scoring=scoring, sha256="5" * 64, rows=2, answered=1, refused=1)
        ScoringRemoval.objects.create(scoring=scoring, person=self.by, reason="Acted on")
        DriftReference.objects.create(kind="hour", reason="Nights differ", **endpoint)
        Retention.objects.create(inputs_days=9, answers_days=99, reason="The law", **endpoint)
        Removal.objects.create(deployment=release.deployment, inputs=3)
        GlassRequest.objects.create(kind="stop", hours=4, reason="It harms", **endpoint)
        Switch.objects.create(number=1, kind="stop", reason="It answers nonsense", **endpoint)
        told = {"cycle": self.cycle, "passed": True, "took_s": 60.0, "person": self.by}
        risk = {"risk": "The scanner is replaced", "contingency": "Read in order of arrival"}
        Drill.objects.create(done="Read a day like that", **risk, **told)
