"""A pack as it was read: frozen dataclasses, expressions parsed but not typed. Nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from tongchou.policy.expressions import Expression
from tongchou.policy.nodes import Map

COMPONENTS = (
    "out_of_scope",
    "over_limit",
    "prior_self_pay",
    "in_scope",
    "deductible",
    "copay",
    "over_cap",
    "uncovered",
)
BILL_COMPONENTS = COMPONENTS[:4]
BURDEN_COMPONENTS = tuple(name for name in COMPONENTS if name != "in_scope")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: file, line, the article it cites, and the short name of the document.

    ``span`` is the place of a single value in the text of the file (first character, end); (0, 0) for anything larger.
    """

    file: str
    line: int
    cite: str
    document: str = ""
    span: tuple[int, int] = (0, 0)

    @property
    def citation(self) -> str:
        """Document and article, as people are shown them; an article of another document names that document itself."""
        if self.cite.startswith("《") or "〔" in self.cite:
            return self.cite
        return f"{self.document} {self.cite}".strip()


@dataclass(frozen=True, slots=True)
class FactSpec:
    """A fact that a policy may ask for.

    ``kind`` is ``int``, ``fen``, ``bool``, ``enum``, ``set``, ``date`` or ``code`` (an open list: values that the plan
    does not name count as none of them). ``aliases`` maps further accepted values to one of ``values``.
    """

    name: str
    title: str
    kind: str
    unit: str = ""
    values: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    source: str = ""
    default: object = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class AccumulatorSpec:
    """A counter of one person. ``period`` is ``year`` (the benefit year), ``month``, ``day`` or ``life``.

    With ``by`` there is one counter for each value of that fact; a visit reads and feeds the one of its own value.
    """

    name: str
    title: str
    period: str
    unit: str
    place: Place
    by: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers by the values of facts; a cell is an expression, or a note where the document gives no number."""

    by: tuple[str, ...]
    cells: dict[tuple[str, ...], Expression | str]
    place: Place
    written: dict[tuple[str, ...], tuple[str, Place]] = field(default_factory=dict)
    """The text of each cell as it was written, and its place."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of the document: an expression, a table, or unknown with a note. ``unit`` is ``元``, ``率`` or ``个``."""

    unit: str
    place: Place
    text: str = ""
    expression: Expression | None = None
    table: Table | None = None
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition with the words that stand for it in messages and explanations."""

    expression: Expression
    text: str
    place: Place
    because: str = ""
    benefits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjustment:
    """``op`` is ``add`` (points or yuan), ``times``, ``set``, ``at_least`` or ``at_most``."""

    op: str
    amount: Quantity
    when: Condition | None
    label: str
    place: Place


@dataclass(frozen=True, slots=True)
class NthRule:
    """How the n-th visit of a period differs: factors, then a fixed amount, or a step down for each earlier visit.

    The step is an amount (``subtract``) or a share of the deductible (``reduce``), down to ``floor``.
    """

    counts: str
    factors: tuple[Quantity, ...]
    then: Quantity | None
    subtract: Quantity | None
    floor: Quantity | None
    place: Place
    reduce: Quantity | None = None
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit. ``on`` is ``cost`` or ``payment``; without ``counts`` it holds for each visit.

    What lies beyond goes to ``rest_to``: of a limit on payment the payment that is cut off, or with ``moves`` = ``cost`` the
    cost above the point where the limit is reached.
    """

    on: str
    amount: Quantity
    counts: str
    rest_to: str
    title: str
    place: Place
    when: Condition | None = None
    acknowledged: str = ""
    note: str = ""
    moves: str = "payment"


@dataclass(frozen=True, slots=True)
class Deductible:
    """What the person carries before a layer pays. With ``counts``, what the period already bore is taken off."""

    amount: Quantity
    counts: str
    adjust: tuple[Adjustment, ...]
    nth: NthRule | None
    sum_caps: tuple[Cap, ...]
    place: Place
    adjust_after_nth: tuple[Adjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class Tier:
    """One band; ``upto`` is its upper edge (``None`` = without end); ``fixed`` bands take no adjustment."""

    upto: Quantity | None
    ratio: Quantity
    fixed: bool


@dataclass(frozen=True, slots=True)
class Bands:
    """``measure`` is ``above_deductible``, ``gross`` or ``payment``; ``whole`` looks one band up for the whole amount."""

    measure: str
    counts: str
    whole: bool
    tiers: tuple[Tier, ...]
    place: Place
    rule: tuple[Quantity, Quantity, Quantity] | None = None
    """Width, step and highest ratio of the bands that the document gives by a rule; ``tiers`` has them written out."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What a layer adds to an accumulator besides its caps and deductible: ``base``, ``paid``, ``deductible``, ``one``.

    With ``times`` it adds that many (a long stay that counts as several).
    """

    to: str
    what: str
    when: Condition | None
    place: Place
    times: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """One payer above the person: base → cost caps → deductible → bands → adjustments → payment caps → what is left.

    With ``amount`` the layer pays that amount instead of a share by bands, at most what lies above the deductible.
    """

    id: str
    title: str
    fund: str
    base: tuple[str, ...]
    when: Condition | None
    cumulate_base: str
    cumulate_paid: str
    deductible: Deductible | None
    bands: Bands
    adjust: tuple[Adjustment, ...]
    caps: tuple[Cap, ...]
    in_place: bool
    rounding: str
    feeds: tuple[Feed, ...]
    place: Place
    amount: Quantity | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """Before the layers: a share (``ratio``) or an amount of one component goes to another."""

    title: str
    of: str
    to: str
    ratio: Quantity | None
    amount: Quantity | None
    when: Condition | None
    place: Place


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the in-scope cost that goes its own way: the fee lines of some item kinds or classes."""

    name: str
    title: str
    kinds: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Benefit:
    """One kind of visit: conditions to be met, then layers. ``uncovered_to`` takes what is in scope and met no layer."""

    names: tuple[str, ...]
    requires: tuple[Condition, ...]
    layers: tuple[Layer, ...]
    uncovered_to: str
    place: Place
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Payer:
    """A source that pays burden components after all layers, up to its balance (the personal account).

    With ``before_layers`` it first pays what is in scope; that part meets no layer and is booked as ``uncovered``.
    """

    id: str
    title: str
    fund: str
    pays: tuple[str, ...]
    when: Condition | None
    benefits: tuple[str, ...]
    place: Place
    before_layers: bool = False


@dataclass(frozen=True, slots=True)
class LineRules:
    """How a fee line is split: default prior self-pay by item kind and class, whether the item's own ratio comes first."""

    classes: dict[str, Quantity]
    kinds: dict[str, Quantity]
    item_ratio_first: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A text that can be read in two ways; ``adopted`` is the reading used unless another is chosen."""

    id: str
    text: str
    readings: dict[str, str]
    adopted: str
    why: str
    place: Place


@dataclass(frozen=True, slots=True)
class FinancingClass:
    """One person class: its shares by payer, in fen per person and year, and the total that the document prints."""

    id: str
    shares: dict[str, int]
    total: int
    place: Place
    places: dict[str, Place] = field(default_factory=dict)
    """Where each share, and ``total``, is written."""


@dataclass(frozen=True, slots=True)
class OnBehalf:
    """Someone who pays the person's own part: all of it (``amount`` ``None``) or a fixed amount in fen."""

    who: str
    classes: tuple[str, ...]
    amount: int | None
    unknown: str
    payer: str
    place: Place
    amount_place: Place | None = None


@dataclass(frozen=True, slots=True)
class Financing:
    """Who pays what per person and year; ``same_as`` names persons whom the document treats as one of the classes."""

    payers: dict[str, str]
    classes: tuple[FinancingClass, ...]
    on_behalf: tuple[OnBehalf, ...]
    same_as: dict[str, str]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Counts a whole number (a year, a month) from ``first`` to ``last``; each time the step's value follows from the one before."""

    name: str
    title: str
    first: Quantity
    last: Quantity
    start: Quantity


@dataclass(frozen=True, slots=True)
class FormulaStep:
    """One named value of a formula; with ``repeat`` a bounded accumulation, in which the step's own name is the value before."""

    name: str
    title: str
    quantity: Quantity
    place: Place
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True)
class FormulaRule:
    """A small calculation: typed inputs (name → kind, title), then steps in order; the last ones are its results."""

    name: str
    title: str
    inputs: tuple[FactSpec, ...]
    steps: tuple[FormulaStep, ...]
    place: Place
    requires: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """What the document says of its own numbers; ``holds`` is worked out by the checker (``None``: a remark that cannot be).

    ``acknowledged`` is the number under which the pack knows that it does not hold, ``note`` what follows from that.
    """

    says: str
    holds: Quantity | None
    acknowledged: str
    note: str
    place: Place


@dataclass(frozen=True, slots=True)
class Pack:
    """One version of one document."""

    id: str
    title: str
    file: str
    document: str
    start: date
    until: date | None
    published: date | None
    benefit_year: str
    counts_in: str
    tree: Map
    facts: dict[str, FactSpec] = field(default_factory=dict)
    accumulators: dict[str, AccumulatorSpec] = field(default_factory=dict)
    funds: dict[str, str] = field(default_factory=dict)
    defines: dict[str, Condition] = field(default_factory=dict)
    tables: dict[str, Quantity] = field(default_factory=dict)
    ambiguities: tuple[Ambiguity, ...] = ()
    refusals: tuple[Condition, ...] = ()
    lines: LineRules | None = None
    benefits: tuple[Benefit, ...] = ()
    payers: tuple[Payer, ...] = ()
    financing: Financing | None = None
    formulas: dict[str, FormulaRule] = field(default_factory=dict)
    parts: dict[str, Part] = field(default_factory=dict)
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundScheme:
    """The packs of an area × scheme, in the order in which their layers pay, and the readings that the area has adopted.

    It holds from ``start`` until the next one of the scheme begins; without ``from`` in its document, always so far.
    """

    area: str
    area_name: str
    scheme: str
    title: str
    packs: tuple[str, ...]
    readings: dict[str, str]
    place: Place
    start: date = date.min
    published: date | None = None
    note: str = ""
