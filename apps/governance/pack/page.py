"""A decision on one sheet, as a file that needs no server; as PDF where WeasyPrint is."""

import importlib
import importlib.util
from pathlib import Path

from django.template.loader import render_to_string

from apps.projects.models import Decision
from apps.projects.stages import Stage

STYLE = Path(__file__).with_name("page.css").read_bytes()


def signature_sheet(decision: Decision) -> bytes:
    """The HTML of what a decision says and of the evidence that it was made on, as stored."""
    stage = Stage(decision.stage)
    context = {
        "decision": decision,
        "stage": stage,
        "cycle": decision.cycle,
        "project": decision.cycle.project,
        "checks": decision.evidence.get("checks", []),
        "met": getattr(decision, "met", None),
    }
    return render_to_string("governance/pack_page.html", context).encode()


def pdf_of(page: bytes) -> bytes | None:
    """The page as PDF; None when WeasyPrint is not installed. It is an extra, not a dependency."""
    if importlib.util.find_spec("weasyprint") is None:
        return None
    weasyprint = importlib.import_module("weasyprint")
    style = weasyprint.CSS(string=STYLE.decode())
    return weasyprint.HTML(string=page.decode()).write_pdf(stylesheets=[style])
