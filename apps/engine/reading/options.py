"""How a file is to be read, and how large it may be."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from apps.engine.errors import BadParameter
from apps.engine.types import Kind

FORMATS = ("csv", "excel", "json", "jsonl", "parquet", "sql")
MOST_SKIPPED = 1_000


@dataclass(frozen=True)
class ReadingOptions:
    """Everything that decides how bytes become cells. Stored with the version it made."""

    format: str = "csv"
    member: str = ""  # file inside a zip archive
    sheet: str = ""  # of a workbook
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'  # "" when the file does not quote
    decimal: str = "."
    thousands: str = ""
    header: bool = True
    skip: int = 0  # lines above the header that are not part of the table
    missing: tuple[str, ...] = ("",)
    kinds: Mapping[str, str] = field(default_factory=dict)  # column -> Kind, chosen by a person
    date_formats: Mapping[str, str] = field(default_factory=dict)  # column -> strptime format

    def __post_init__(self) -> None:
        for name in (
            "format",
            "member",
            "sheet",
            "encoding",
            "delimiter",
            "quote",
            "decimal",
            "thousands",
        ):
            if not isinstance(getattr(self, name), str):
                raise BadParameter(f"The reading option {name!r} is a text: give one.")
        try:
            "".encode(self.encoding)
        except (LookupError, ValueError) as error:
            raise BadParameter(f"The encoding {self.encoding!r} is not known.") from error
        if not isinstance(self.skip, int) or not 0 <= self.skip <= MOST_SKIPPED:
            raise BadParameter(f"Lines to skip are a whole number from 0 to {MOST_SKIPPED:,}.")
        self._check_marks()

    def _check_marks(self) -> None:
        if self.format not in FORMATS:
            raise BadParameter(
                f"The format {self.format!r} is not known: use one of {list(FORMATS)}."
            )
        if len(self.delimiter) != 1 or self.delimiter in '\r\n"' or not self.delimiter.isascii():
            raise BadParameter(
                f"The delimiter {self.delimiter!r} cannot be used: give one ASCII character."
            )
        if len(self.quote) > 1 or not self.quote.isascii() or self.quote == self.delimiter:
            raise BadParameter(
                f"The quote {self.quote!r} cannot be used: give one ASCII character."
            )
        if self.decimal not in (".", ",") or self.thousands == self.decimal:
            raise BadParameter(
                "The decimal mark is a point or a comma, and not the thousands mark."
            )
        unknown = sorted(set(self.kinds.values()) - set(Kind))
        if unknown:
            raise BadParameter(f"The kind {unknown[0]!r} is not known: use one of {list(Kind)}.")

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {**asdict(self), "missing": list(self.missing)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild from ``as_dict`` or from a part of it; an unknown name is a BadParameter."""
        unknown = sorted(set(data) - {each.name for each in fields(cls)})
        if unknown:
            raise BadParameter(f"The reading option {unknown[0]!r} is not known.")
        missing = tuple(data.get("missing", ("",)))
        return cls(**{**data, "missing": missing})


@dataclass(frozen=True)
class Limits:
    """What a file may ask for. Each is checked before the memory is used, or while it streams."""

    rows: int = 5_000_000
    columns: int = 2_000
    cell_bytes: int = 1_000_000
    bytes: int = 2_000_000_000  # of text, or of Parquet data, once unpacked
    name_characters: int = 255
    archive_members: int = 1_000
    sheet_cells: int = 30_000_000  # of the rectangle that holds all cells; 32 bytes each
    workbook_bytes: int = 400_000_000  # unpacked
    json_bytes: int = 256_000_000  # of a document that has to be held as a whole

    @classmethod
    def from_dict(cls, data: Mapping[str, int]) -> Self:
        """Defaults, with the given ones in their place; an unknown name is a BadParameter."""
        unknown = sorted(set(data) - {each.name for each in fields(cls)})
        if unknown:
            raise BadParameter(f"The limit {unknown[0]!r} is not known.")
        return cls(**data)
