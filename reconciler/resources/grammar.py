"""The grammar of field tables: how the members of a record are written, read, compared and laid out.

A table is a tuple of rows. Everything that is special about a member is a property of its row; code asks the row, and
never names the member. What does not state otherwise follows these rules:

* a member is written as `{"value": ...}` (`wrapped`) under its own name, and read under the same name;
* it may be sent in POST and PUT;
* text is cleared by `""` (fact sheet 12.1), the members whose .NET type is nullable by `{"value": null}` (Q15), others
  not at all.

Values are nested dictionaries (`resources.values`). In them every group is a dictionary: of members by name, or of
what stands under free keys (attributes, lines, segments). `Group.member` hides that difference, so that `fold` and the
walks of the other rooms need no case for each form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias, TypeVar

from reconciler.resources.values import Path, Scalar

T = TypeVar("T")


class Kind(StrEnum):
    """What a leaf holds, which also says how two of them compare (`reconciler.core.normalise`)."""

    TEXT = "text"  # as stored, but for blanks at the ends of a line and the Unicode form (NFC)
    REFERENCE = "reference"  # the id of another record: surrounding blanks do not count
    NUMBER = "customer number"  # blanks and case do not count (11.8, Q22)
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"  # exact, never binary
    ENUM = "enum"
    DATE = "date"  # wall-clock date, or date and time; the zone is unknown (11.9)


class Form(StrEnum):
    """How the members of a group are laid out in a declaration and in a body."""

    OBJECT = "object"  # named members
    MAP = "map"  # free keys to one text each: attributes
    LINES = "lines"  # a list of objects, told apart by key members, each sent with an operation
    SEGMENTS = "segments"  # a list of bare {segmentId, segmentValue}


class Comparison(StrEnum):
    """Which texts of a field are the same value: another layout alone is no change."""

    EXACT = "exact"
    ID = "letters and digits"  # organisation numbers, VAT ids, IBANs: without case
    PHONE = "digits"  # with the + or 00 of a country in front


class Content(StrEnum):
    """What the text of a field is, where more is known of it than its kind says."""

    ANY = "any text"
    COUNTRY = "country code"  # ISO 3166-1, two letters
    CURRENCY = "currency code"  # ISO 4217, three letters
    POSTAL_CODE = "postal code"  # of the country that stands beside it
    FOREIGN_ID = "id of others"  # in the customer's books, or of a register
    IBAN = "IBAN"  # ISO 13616, with two check digits


class Read(StrEnum):
    """Where a member can be read (11, 13.6, 13.7)."""

    ROW = "every list row"
    EXPANDED = "list rows only with an expand flag"
    OWN = "an extra GET of its own"
    NEVER = "nowhere"


@dataclass(frozen=True)
class Field:
    """A leaf.

    name: write name. kind: see Kind. read: dotted path in the read object (or in the group's), "" = same as name.
    wrapped: sent as {"value": ...}. create_only: never in a PUT. nullable: its wrapper admits null.
    clearable: null may be declared. personal: replaced by `--redact`. values: the allowed words of an ENUM.
    low, high: bounds of an INTEGER. max_length: of a text, where the ERP states one. where, own_path: see Read; the
    extra GET's path below the record. always: every record is read with it. elsewhere: the ERP keeps it outside the
    record, so that the record's version may not protect it (Q10). default: what a key member of a line is when it
    is left out. class_member: the member of a customer class that gives new customers a value (4.2). priority: how
    early a reviewer should see a change of it. comparison: which texts are the same value. multiline: line breaks
    and blanks at the ends of the text count. by_ref: the ref of another declaration may stand for its number.
    forms: in which forms this ERP keeps it (`core.stored_forms`); no row states them, the settings do. content: what
    the text is. sole: a flag that only one line of the group may have; sole_within: of those with the same value of
    that member, as is likely and not documented. unsigned: a number that says nothing below zero. amount: whether it is
    an amount of money; currency: the member of the record that holds its currency, "" where none does. stakes: what a
    change of it puts at stake, "" = its title.
    """

    name: str
    kind: Kind
    title: str
    description: str
    read: str = ""
    wrapped: bool = True
    create_only: bool = False
    nullable: bool = False
    clearable: bool = True
    personal: bool = False
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    max_length: int | None = None
    where: Read = Read.ROW
    own_path: str = ""
    always: bool = False
    elsewhere: bool = False
    default: str = ""
    class_member: str = ""
    priority: int = 0
    comparison: Comparison = Comparison.EXACT
    multiline: bool = False
    by_ref: bool = False
    forms: tuple[str, ...] = ()
    content: Content = Content.ANY
    sole: bool = False
    sole_within: str = ""
    unsigned: bool = False
    amount: bool = False
    currency: str = ""
    stakes: str = ""

    @cached_property
    def read_path(self) -> Path:
        """The path in the read object, as segments."""
        return tuple((self.read or self.name).split("."))

    @cached_property
    def is_identifier(self) -> bool:
        """Whether the text is looked up, dialled or checked, and never prose."""
        return (
            self.kind in (Kind.NUMBER, Kind.REFERENCE)
            or self.comparison is not Comparison.EXACT
            or self.content is not Content.ANY
        )

    @property
    def currencies(self) -> frozenset[str]:
        """The member that holds its currency, if one does."""
        return frozenset({self.currency} if self.currency else ())

    @property
    def is_compared(self) -> bool:
        """Whether its live value says something of the declared one: not what is sent once, or can be read nowhere."""
        return not self.create_only and self.where is not Read.NEVER


@dataclass(frozen=True)
class Group:
    """A member that holds members.

    read: the path of its object in the read object. write: its name in a body, "" = same as name. key: the members that
    tell LINES apart, or that holds the free key; read_key: the key's name when it is read, "" = same as in key.
    expand: the list parameter without which rows leave it out (5, Q19). flat: its members are read at the record, not
    in an object of the group's name. line_id: the member of a read line that holds the API's own id. mirrors: the
    group that it follows until it is written once (12.5, inferred). whole: an update may send all of it
    (`api.nested_updates: whole`). priority, where, own_path, always: as for a Field.
    """

    name: str
    form: Form
    title: str
    description: str
    members: tuple[Field | Group, ...]
    read: str = ""
    wrapped: bool = True
    key: tuple[str, ...] = ()
    read_key: str = ""
    write: str = ""
    expand: str = ""
    where: Read = Read.ROW
    own_path: str = ""
    always: bool = False
    flat: bool = False
    line_id: str = ""
    mirrors: str = ""
    whole: bool = False
    priority: int = 0

    @cached_property
    def read_path(self) -> Path:
        """The path in the read object, as segments."""
        return tuple((self.read or self.name).split("."))

    @property
    def write_name(self) -> str:
        """The member's name in a request body."""
        return self.write or self.name

    @cached_property
    def by_name(self) -> dict[str, Field | Group]:
        """The members by their names."""
        return {member.name: member for member in self.members}

    @cached_property
    def under_key(self) -> Field | Group | None:
        """What stands under each free key of the values: a line, or one value; None in an object."""
        match self.form:
            case Form.OBJECT:
                return None
            case Form.LINES:
                return replace(self, form=Form.OBJECT)
            case _:
                return self.members[-1]

    @property
    def currencies(self) -> frozenset[str]:
        """The members that hold the currencies of the amounts in it."""
        return frozenset().union(*(member.currencies for member in self.members))

    @property
    def value(self) -> Field:
        """What stands under each key of a MAP or of SEGMENTS."""
        assert isinstance(self.under_key, Field), f"{self.name} has no single value under its keys"
        return self.under_key

    def member(self, key: str) -> Field | Group | None:
        """The row of what stands under the key in the group's values; None for an object without such a member."""
        return self.under_key or self.by_name.get(key)

    @property
    def is_object(self) -> bool:
        """Whether its members are named; the others have free keys."""
        return self.form is Form.OBJECT

    @property
    def is_lines(self) -> bool:
        """Whether it is a list of objects, which can be inserted and deleted."""
        return self.form is Form.LINES


Row: TypeAlias = Field | Group

Leaf: TypeAlias = Callable[[Field, Path, Scalar], T]
Whole: TypeAlias = Callable[[Group, Path, "dict[str, T]"], T]


def fold(row: Row, path: Path, value: object, leaf: Leaf[T], group: Whole[T]) -> T:
    """The one fold over values and their rows, from the leaves up.

    path: where the value stands. leaf: makes the result of a leaf. group: makes the result of a group of the results
    below it by their keys: an object's in the order of the table, others in their own.
    """
    if isinstance(row, Field):
        return leaf(row, path, value)  # type: ignore[arg-type]  # what stands at a Field is a Scalar
    assert isinstance(value, Mapping), "what stands at a Group is a mapping"
    below = {
        key: fold(member, (*path, key), value[key], leaf, group)
        for key in (row.by_name if row.is_object else value)
        if key in value
        if (member := row.member(key)) is not None
    }
    return group(row, path, below)


def walk(rows: Mapping[str, Row], above: Path = ()) -> Iterator[tuple[Path, Field]]:
    """Each leaf row with its path; the free keys of maps and lines appear as `*`."""
    for name, row in rows.items():
        path = (*above, name)
        if isinstance(row, Field):
            yield path, row
        elif row.is_object:
            yield from walk(row.by_name, path)
        elif isinstance(row.under_key, Group):
            yield from walk(row.under_key.by_name, (*path, "*"))
        else:
            yield (*path, "*"), row.value


OF_EVERY_ROW = ("internalId", "timeStamp", "lastModifiedDateTime", "createdDateTime", "metadata")
"""Members that the API itself gives to rows (5), whatever they are rows of."""


@dataclass(frozen=True, eq=False)
class Resource:
    """One sort of record in the ERP: its rows, and which of them play a part in the rules that all resources share.

    name: as plans and the state call it. path: of its list in the API; one record stands below it. rows: the field
    table. key: the member that identifies a record; label: the one that people call it by. match: the members by which
    a record without a key is found again. status, retired: the member whose value `retired` stands for deletion.
    parent: the member that holds the key of the record above. category, takes_category: the member that names the
    class, and the one that asks for its values. postal_codes: the members that, with the label, make two records look
    alike. shown: members that the ERP shows and nobody can write, told beside the fields; bookkeeping: those that say
    nothing of the record itself. stores: the forms in which this ERP keeps the texts that a path pattern covers, as the
    settings have them; forms: the same by the patterns' segments (`core.stores.kept_in` makes both).
    """

    name: str
    path: str
    rows: tuple[Row, ...]
    key: str
    label: str = ""
    match: tuple[str, ...] = ()
    status: str = ""
    retired: str = ""
    parent: str = ""
    category: str = ""
    takes_category: str = ""
    postal_codes: tuple[Path, ...] = ()
    shown: tuple[str, ...] = ()
    bookkeeping: tuple[str, ...] = ()
    stores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    forms: tuple[tuple[tuple[str | None, ...], tuple[str, ...]], ...] = ()

    @cached_property
    def fields(self) -> dict[str, Row]:
        """The rows by declaration name, in the order of the table."""
        return {row.name: row for row in self.rows}

    @cached_property
    def read_only(self) -> frozenset[str]:
        """The members of a row that nobody can write."""
        return frozenset((*OF_EVERY_ROW, *self.shown, *self.bookkeeping))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The rows that hold members."""
        return tuple(row for row in self.rows if isinstance(row, Group))

    @cached_property
    def always(self) -> frozenset[str]:
        """What every record is read with, whatever is declared."""
        return frozenset(row.name for row in self.rows if row.always)

    @cached_property
    def apart(self) -> frozenset[str]:
        """Fields that only an expand flag or a GET of their own brings: absent means unknown, never empty (Q19)."""
        return frozenset(row.name for row in self.rows if row.where in (Read.OWN, Read.EXPANDED))

    @cached_property
    def own(self) -> frozenset[str]:
        """Fields that take a GET of their own."""
        return frozenset(row.name for row in self.rows if row.where is Read.OWN)

    @cached_property
    def listed(self) -> frozenset[str]:
        """Fields that a list can show, with its expand flags."""
        return frozenset(row.name for row in self.rows if row.where in (Read.ROW, Read.EXPANDED))

    @cached_property
    def sole_flags(self) -> tuple[tuple[str, Field], ...]:
        """(group, flag) of each flag that only one line of its group may have."""
        return tuple(
            (group.name, flag)
            for group in self.groups
            if group.form is Form.LINES
            for flag in group.members
            if isinstance(flag, Field) and flag.sole
        )

    @cached_property
    def mirrors(self) -> dict[str, tuple[str, ...]]:
        """Each main group with the ones that follow it."""
        mains = dict.fromkeys(row.mirrors for row in self.groups if row.mirrors)
        return {main: tuple(row.name for row in self.groups if row.mirrors == main) for main in mains}

    @cached_property
    def maps(self) -> tuple[str, ...]:
        """The groups with free keys to one text each, whose keys compare in any case (`normalise.attribute_key`)."""
        return tuple(row.name for row in self.groups if row.form is Form.MAP)

    @cached_property
    def never_compared(self) -> tuple[Path, ...]:
        """The paths of the leaves whose live value says nothing of the declared one."""
        return tuple(path for path, row in self.walk() if not row.is_compared and "*" not in path)

    @cached_property
    def recognised_by(self) -> frozenset[str]:
        """The fields by which another record is seen to be the same, or like it."""
        return self.match_set | {path[0] for path in self.postal_codes}

    @cached_property
    def match_set(self) -> frozenset[str]:
        """The members of `match`, as a set."""
        return frozenset(self.match)

    def walk(self) -> Iterator[tuple[Path, Field]]:
        """Each leaf row with its path; the free keys of maps and lines appear as `*`."""
        return walk(self.fields)

    def row(self, path: Path) -> Row | None:
        """The row of what stands at the path in the values, or None. Keys of maps and lines stand for any key."""
        row = self.fields.get(path[0]) if path else None
        for segment in path[1:]:
            row = row.member(segment) if isinstance(row, Group) else None
        return row

    def leaf(self, path: Path) -> Field | None:
        """The row of a leaf by its path in the values, or None."""
        row = self.row(path)
        if not isinstance(row, Field):
            return None
        return replace(row, forms=forms) if self.forms and (forms := self.forms_of(path)) else row

    def forms_of(self, path: Path) -> tuple[str, ...]:
        """The forms in which this ERP keeps the text at the path; of several patterns that cover it, the longest's."""
        covering = [
            (len(pattern), forms)
            for pattern, forms in self.forms
            if len(pattern) <= len(path)
            and all(want is None or want == have for want, have in zip(pattern, path, strict=False))
        ]
        return max(covering, key=lambda found: found[0])[1] if covering else ()

    def title(self, path: Path) -> str:
        """What people call the leaf at the path: `Main address · City`; nothing for what the table does not know.

        Free keys stand as they are: `Attributes · REGION`.
        """
        titles: list[str] = []
        row: Row | None = None
        for segment in path:
            inside = row
            row = self.fields.get(segment) if row is None else row.member(segment) if isinstance(row, Group) else None
            if row is None:
                return ""
            titles.append(segment if isinstance(inside, Group) and inside.under_key is not None else row.title)
        return " · ".join(titles)

    def is_create_only(self, path: Path) -> bool:
        """Whether the leaf at the path is never sent in an update."""
        row = self.leaf(path)
        return row is not None and row.create_only

    def order(self, path: Path) -> tuple[tuple[int, str], ...]:
        """Sorts paths by the table, and free keys by their text."""
        keys: list[tuple[int, str]] = []
        rows: Mapping[str, Row] = self.fields
        for segment in path:
            row = rows.get(segment)
            keys.append((self._positions[segment] if row is not None else 0, segment))
            rows = row.by_name if isinstance(row, Group) else rows
        return tuple(keys)

    @cached_property
    def _positions(self) -> dict[str, int]:
        """The place of each name in the table; a name that members of several groups have keeps its first one."""
        positions: dict[str, int] = {}

        def number(rows: tuple[Row, ...]) -> None:
            for row in rows:
                positions.setdefault(row.name, len(positions))
                if isinstance(row, Group):
                    number(row.members)

        number(self.rows)
        return positions
