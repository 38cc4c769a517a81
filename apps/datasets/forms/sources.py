"""Forms about files: bringing them in, and how their bytes are to be read."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from apps.datasets.models import Upload
from apps.datasets.uploads import received_bytes
from apps.engine.errors import EngineError
from apps.engine.reading.infer import DATES
from apps.engine.reading.options import MOST_SKIPPED, ReadingOptions
from apps.engine.types import Kind, TableSpec


class UploadForm(forms.Form):
    """A file of rows: in one piece, or one that came in pieces (``upload``)."""

    file = forms.FileField(
        label="File",
        allow_empty_file=True,  # clean_file names the file and says what to do
        help_text=(
            "CSV or other delimited text, Excel (xlsx, xlsb, xls, ods), JSON, JSON Lines or "
            "Parquet; also packed as .gz or .zip. The original is kept as it is."
        ),
    )
    upload = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, uploads: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.uploads = Upload.objects.none() if uploads is None else uploads
        self.fields["file"].required = not self.data.get("upload")  # it came in pieces then

    def clean_file(self) -> Any:
        """Neither empty nor larger than allowed."""
        file = self.cleaned_data["file"]
        if file is None:
            return None
        if file.size == 0:
            raise forms.ValidationError(
                f"The file “{file.name}” is empty: it has 0 bytes. Choose another file."
            )
        if file.size > settings.UPLOAD_BYTES:
            raise forms.ValidationError(
                f"The file has {filesizeformat(file.size)}; at most "
                f"{filesizeformat(settings.UPLOAD_BYTES)} are accepted here."
            )
        return file

    def clean_upload(self) -> Upload | None:
        """One of this person's, and here as a whole."""
        asked = self.cleaned_data["upload"]
        if asked is None:
            return None
        found: Upload | None = self.uploads.filter(pk=asked).first()
        if found is None or received_bytes(found) != found.size_bytes:
            raise forms.ValidationError("The file has not come as a whole: choose it again.")
        return found


class SourceForm(UploadForm):
    """A new source with its first file."""

    name = forms.CharField(max_length=80, label="Name", help_text="For example customers.")
    owner = forms.CharField(
        max_length=120, required=False, label="Owner", help_text="Who answers for the data."
    )
    describes = forms.CharField(
        max_length=300, required=False, label="One row is", help_text="For example one payment."
    )
    field_order = ["name", "file", "describes", "owner", "upload"]

    def __init__(self, *args: Any, taken: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken = taken

    def clean_name(self) -> str:
        """Not the name of another source."""
        name: str = self.cleaned_data["name"]
        if name in self.taken:
            raise forms.ValidationError(
                f"There is a source called “{name}” already. Upload a new version of it."
            )
        return name


ENCODINGS = ("utf-8", "cp1252", "latin-1", "utf-16", "shift_jis", "gb18030", "koi8-r")
DELIMITERS = ((",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "vertical bar"))
MOST_KINDS = 200  # columns whose kind can be chosen on the page
AS_FOUND = ("", "as found")
NO_MARK = "none"
MARKS = ((NO_MARK, "none"), (",", "comma"), (".", "point"), (" ", "space"), ("'", "apostrophe"))
_TIMES = ("", " %H:%M", " %H:%M:%S")
_EXAMPLES = {"%Y": "2024", "%m": "12", "%d": "31", "%H": "23", "%M": "59", "%S": "58"}
_FILES = ("csv", "excel", "json", "jsonl")
_ALL = (*_FILES, "sql")
_FORMATS = {  # which formats a question makes sense for
    "sheet": ("excel",),
    "encoding": ("csv", "json", "jsonl"),
    "delimiter": ("csv",),
    "other_delimiter": ("csv",),
    "quote": ("csv",),
    "header": ("csv", "excel"),
    "skip": ("csv", "excel"),
    "decimal": ("csv",),
    "thousands": ("csv",),
    "missing": _FILES,
}


def _example(date_format: str) -> str:
    for part, value in _EXAMPLES.items():
        date_format = date_format.replace(part, value)
    return date_format


DATE_KINDS = [
    (f"{Kind.DATETIME}|{date}{time}", f"{Kind.DATETIME} as {_example(date + time)}")
    for time in _TIMES
    for date in DATES
]


class ReadingForm(forms.Form):
    """How the bytes are to be read, where the proposal is wrong. Empty keeps the proposal."""

    member = forms.ChoiceField(required=False, label="File in the archive")
    sheet = forms.ChoiceField(required=False, label="Sheet")
    delimiter = forms.ChoiceField(required=False, choices=[AS_FOUND, *DELIMITERS])
    other_delimiter = forms.CharField(
        required=False, max_length=1, strip=False, label="Another delimiter", help_text="One sign."
    )
    encoding = forms.ChoiceField(
        required=False, choices=[AS_FOUND, *((name, name) for name in ENCODINGS)]
    )
    quote = forms.ChoiceField(
        required=False,
        label="Quotes around cells",
        choices=[AS_FOUND, ('"', 'double "'), ("'", "single '"), (NO_MARK, "no quotes")],
    )
    header = forms.ChoiceField(
        required=False,
        label="Names of the columns",
        choices=[("", "in the first line"), ("no", "there are none")],
    )
    skip = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_SKIPPED,
        label="Lines to leave out",
        help_text="Above the names. Empty: as found.",
    )
    decimal = forms.ChoiceField(
        required=False,
        label="Decimal mark",
        choices=[AS_FOUND, (".", "point"), (",", "comma")],
    )
    thousands = forms.ChoiceField(
        required=False, label="Thousands mark", choices=[AS_FOUND, *MARKS]
    )
    missing = forms.CharField(
        required=False,
        label="Also read as missing",
        help_text='Parted by commas, e.g. NA, ?, " ". Only the empty cell is missing otherwise.',
    )

    def __init__(
        self,
        data: Any = None,
        *,
        spec: TableSpec | None,
        options: Mapping[str, Any],
        report: Mapping[str, Any] | None = None,
    ) -> None:
        report = report or {}
        kinds, dates = dict(options.get("kinds", {})), dict(options.get("date_formats", {}))
        self.format = report.get("options", {}).get("format", "")
        self.columns = spec.columns[:MOST_KINDS] if spec else ()
        chosen = {
            f"kind{place}": _choice(each.name, kinds, dates)
            for place, each in enumerate(self.columns)
        }
        super().__init__(data, initial={**_initial(options), **chosen})
        shown = {each.name for each in self.columns}
        self.untouched = {name: kind for name, kind in kinds.items() if name not in shown}
        self.untouched_dates = {name: each for name, each in dates.items() if name not in shown}
        self._offer(report)
        for number, column in enumerate(self.columns):
            self.fields[f"kind{number}"] = forms.ChoiceField(
                required=False,
                label=column.name,
                choices=[
                    ("", f"{column.kind} (as found)"),
                    *((kind.value, kind.value) for kind in Kind),
                    *DATE_KINDS,
                ],
            )

    def _offer(self, report: Mapping[str, Any]) -> None:
        """Only questions that the file can answer; members and sheets are those that it has."""
        for name in ("member", "sheet"):
            found = report.get(f"{name}s", [])
            if len(found) > 1:
                first = ("", "choose") if name == "member" and not self.format else AS_FOUND
                self.fields[name].choices = [first, *((each, each) for each in found)]  # type: ignore[attr-defined]
            else:
                del self.fields[name]
        for name, formats in _FORMATS.items():
            if name in self.fields and self.format in _ALL and self.format not in formats:
                del self.fields[name]

    @property
    def file_fields(self) -> list[forms.BoundField]:
        """Fields about the whole file."""
        return [self[name] for name in self.fields if not name.startswith("kind")]

    @property
    def kind_fields(self) -> list[forms.BoundField]:
        """One field a column."""
        return [self[f"kind{number}"] for number in range(len(self.columns))]

    def clean(self) -> dict[str, Any]:
        """The choices fit together."""
        data = super().clean() or {}
        if not self.errors:
            try:
                ReadingOptions.from_dict(self.options())
            except EngineError as error:
                raise forms.ValidationError(str(error)) from error
        return data

    def options(self) -> dict[str, Any]:
        """Reading options that a person chose."""
        data = self.cleaned_data
        names = ("member", "sheet", "delimiter", "encoding", "quote", "decimal", "thousands")
        chosen: dict[str, Any] = {
            name: "" if data[name] == NO_MARK else data[name] for name in names if data.get(name)
        }
        if chosen.get("thousands") == ".":
            chosen.setdefault("decimal", ",")
        if data.get("other_delimiter"):
            chosen["delimiter"] = data["other_delimiter"]
        if data.get("header"):
            chosen["header"] = False
        if data.get("skip") is not None:
            chosen["skip"] = data["skip"]
        tokens = _tokens(data.get("missing", ""))
        if tokens:
            chosen["missing"] = ["", *tokens]
        kinds, dates = self._kinds()
        chosen |= {"kinds": kinds} if kinds else {}
        return chosen | ({"date_formats": dates} if dates else {})

    def _kinds(self) -> tuple[dict[str, str], dict[str, str]]:
        kinds, dates = dict(self.untouched), dict(self.untouched_dates)
        for number, column in enumerate(self.columns):
            kind, _, date_format = self.cleaned_data.get(f"kind{number}", "").partition("|")
            if kind:
                kinds[column.name] = kind
            if date_format:
                dates[column.name] = date_format
        return kinds, dates


def _choice(name: str, kinds: Mapping[str, str], dates: Mapping[str, str]) -> str | None:
    if name in dates:
        return f"{Kind.DATETIME}|{dates[name]}"
    return kinds.get(name)


def _initial(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as the form's fields spell them."""
    initial = dict(options)
    if options.get("delimiter") not in (None, *(mark for mark, _ in DELIMITERS)):
        initial["other_delimiter"] = initial.pop("delimiter")
    for name in ("quote", "thousands"):
        if options.get(name) == "":
            initial[name] = NO_MARK
    initial["header"] = "no" if options.get("header") is False else ""
    tokens = [token for token in options.get("missing", ()) if token]
    initial["missing"] = ", ".join(f'"{token}"' if token.isspace() else token for token in tokens)
    return initial


def _tokens(typed: str) -> list[str]:
    """Words parted by commas; in double quotes where spaces belong to them."""
    found = []
    for part in typed.split(","):
        word = part.strip()
        quoted = len(word) > 2 and word.startswith('"') and word.endswith('"')
        if word:
            found.append(word[1:-1] if quoted else word)
    return found
