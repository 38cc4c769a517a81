"""How forms are drawn: one template for a field with its label, help and errors."""

from django.forms.renderers import TemplatesSetting


class HouseRenderer(TemplatesSetting):
    """Django's forms in our own markup."""

    field_template_name = "ui/field.html"
    form_template_name = "ui/form.html"
