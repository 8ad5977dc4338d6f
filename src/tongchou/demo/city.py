"""Builds the demo city: one transaction, streamed, so that an interrupted build leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from tongchou.accounts import api as accounts
from tongchou.contributions import api as contributions
from tongchou.demo import places, rejections, tables
from tongchou.demo.catalogue import fill_catalogues
from tongchou.demo.people import households
from tongchou.demo.records import Batch, Ids, Registrar, Workplaces, workplaces_of
from tongchou.kernel.serials import SerialSource, fixed_node
from tongchou.ledger import api as ledger
from tongchou.registry import api as registry

LEAST_PERSONS = 100
PERSONS_PER_EMPLOYER = 70
BATCH_PERSONS = 20_000
ID_BLOCK = 10_000
ACCOUNTS_PER_JOURNAL = 5_000
BANK_ACCOUNT = "1004"
"""Ledger account debited by the opening balances: 支出户存款."""
SHANGHAI = ZoneInfo("Asia/Shanghai")

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was built and how long it took."""

    persons: int
    employers: int
    accounts: int
    account_total: int
    families: int
    seconds: float
    load_seconds: float

    @property
    def persons_per_second(self) -> int:
        """Rate of the load of persons with all that belongs to them."""
        return int(self.persons / self.load_seconds) if self.load_seconds else 0


def build(*, persons: int, seed: int, year: int, replace: bool = False, report: Report = lambda line: None) -> Built:
    """Build the city.

    Args:
        persons: number of insured.
        year: the city's state is that of 1 January of this year.
        replace: empty the database first, if it has no encounters, settlements or journals but the demo's own.
        report: gets a line of progress now and then.

    Raises:
        Rejection: DEMO-001 there is a city, DEMO-002 business that is not deleted, DEMO-003 too few persons, DEMO-005 the
            schema is missing or old.
    """
    if persons < LEAST_PERSONS:
        raise rejections.TOO_FEW(least=LEAST_PERSONS)
    _require_schema()
    begun = time.monotonic()
    with transaction.atomic():
        if replace:
            _empty()
        _refuse_if_filled()
        registry.load_areas(places.area_rows())
        ledger.ensure_chart(area=tables.CITY)
        report("正在导入医疗目录、病种、定点机构、目录对照 …")
        fill_catalogues(year=year)
        loading = time.monotonic()
        builder = _Builder(persons=persons, seed=seed, year=year, report=report)
        with registry.exclusions_checked_at_end(*_WITH_PERIODS):
            builder.run()
        load_seconds = time.monotonic() - loading
    _close_opening_day(year)
    report("正在整理统计信息 …")
    _analyze()
    return Built(
        persons=persons,
        employers=builder.employers,
        accounts=builder.accounts,
        account_total=builder.account_total,
        families=builder.families,
        seconds=time.monotonic() - begun,
        load_seconds=load_seconds,
    )


class _Builder:
    """The state of one build: counters and id sources."""

    def __init__(self, *, persons: int, seed: int, year: int, report: Report) -> None:
        self._wanted = persons
        self._rng = Random(seed)  # noqa: S311 - a demo must be reproducible, not unpredictable
        self._year = year
        self._report = report
        self._journals = count(1)
        self._serials = SerialSource(fixed_node(0))
        self._waiting: list[tuple[int, int]] = []
        self.employers = self.accounts = self.account_total = self.families = self._last_employer = 0

    def run(self) -> None:
        """Load employers, then households batch by batch."""
        _check_constraints("IMMEDIATE")
        workplaces = self._load_employers()
        registrar = Registrar(
            self._rng,
            year=self._year,
            ids=Ids(
                persons=_id_blocks(lambda size: registry.reserve_ids(kind="persons", count=size)),
                households=_id_blocks(lambda size: registry.reserve_ids(kind="households", count=size)),
                accounts=_id_blocks(accounts.reserve_account_ids),
            ),
            workplaces=workplaces,
            entered_at=datetime(self._year, 1, 1, tzinfo=SHANGHAI),
        )
        drafts = households(self._rng, year=self._year, communities=places.communities())
        begun, done = time.monotonic(), 0
        while done < self._wanted:
            batch = Batch()
            goal = min(done + BATCH_PERSONS, self._wanted)
            while done < goal:
                done += registrar.enter(next(drafts), batch, at_most=goal - done)
            self._load(batch)
            rate = int(done / max(0.001, time.monotonic() - begun))
            self._report(f"参保人员 {done:,} / {self._wanted:,}（每秒 {rate:,} 人）")
        self._post_openings(everything=True)
        registry.advance_numbers(persons=registrar.last_person, employers=self._last_employer)
        _check_constraints("DEFERRED")

    def _load_employers(self) -> Workplaces:
        drafts = places.employers(self._rng, max(12, self._wanted // PERSONS_PER_EMPLOYER))
        ids = registry.reserve_ids(kind="employers", count=len(drafts))
        registry.load_employers(
            (id_, f"6299{id_:08d}", draft.credit_code, draft.name, places.CREDIT_PREFIX[draft.kind], draft.area, "", "")
            for id_, draft in zip(ids, drafts, strict=True)
        )
        self.employers, self._last_employer = len(drafts), ids[-1]
        return workplaces_of([(id_, d.area, d.kind, d.weight) for id_, d in zip(ids, drafts, strict=True)])

    def _load(self, batch: Batch) -> None:
        registry.load_households(batch.households)
        registry.load_persons(batch.persons)
        registry.load_cards(batch.cards)
        registry.load_enrolments(batch.enrolments)
        registry.load_identities(batch.identities)
        registry.load_diseases(batch.diseases)
        contributions.load_entitlements(batch.entitlements)
        self.accounts += accounts.load_accounts(batch.accounts)
        self.families += accounts.load_families(batch.families)
        self._waiting += batch.openings
        self._post_openings(everything=False)

    def _post_openings(self, *, everything: bool) -> None:
        """One journal per some thousand accounts: debit the bank account, credit each person's account."""
        while len(self._waiting) >= ACCOUNTS_PER_JOURNAL or (everything and self._waiting):
            openings, self._waiting = self._waiting[:ACCOUNTS_PER_JOURNAL], self._waiting[ACCOUNTS_PER_JOURNAL:]
            total = sum(balance for _, balance in openings)
            number = next(self._journals)
            posted_at = _opening_moment(self._year)
            _check_constraints("DEFERRED")
            ledger.post(
                journal_id=self._serials.next(now_ms=int(posted_at.timestamp() * 1000)),
                area=tables.CITY,
                business_date=posted_at.date(),
                kind="opening",
                business_key=f"opening:{tables.CITY}:{number}",
                cause="opening",
                cause_id=number,
                lines=[
                    ledger.EntryLine(BANK_ACCOUNT, total),
                    *(ledger.EntryLine(accounts.LEDGER_CODE, -balance, party=id_) for id_, balance in openings),
                ],
                memo="个人账户期初余额",
                posted_at=posted_at,
            )
            _check_constraints("IMMEDIATE")
            self.account_total += total


def _check_constraints(when: str) -> None:
    """IMMEDIATE checks foreign keys at the end of each COPY; deferred, those of a million persons would fill the memory.

    DEFERRED is their usual state, and what the ledger needs: a journal balances only when its entries are written.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL {when}")


def _id_blocks(reserve: Callable[[int], range]) -> Iterator[int]:
    while True:
        yield from reserve(ID_BLOCK)


def _opening_moment(year: int) -> datetime:
    """The end of the year before: the openings are of that business day."""
    return datetime(year - 1, 12, 31, 23, 0, tzinfo=SHANGHAI)


def _close_opening_day(year: int) -> None:
    """The opening day is closed, so that the first day of business can be closed after it."""
    moment = _opening_moment(year)
    ledger.close_day(area=tables.CITY, day=moment.date(), now=moment)


def _require_schema() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise rejections.SCHEMA_MISSING()


def _refuse_if_filled() -> None:
    persons = _count("registry_person")
    institutions = _count("providers_institution")
    if persons or institutions:
        raise rejections.CITY_EXISTS(persons=persons, institutions=institutions)


def _empty() -> None:
    """Empty what the demo fills, and only that; whatever was done with it stays and forbids it."""
    referring = _referring_tables()
    names = {model._meta.db_table: str(model._meta.verbose_name) for model in apps.get_models()}
    business = {names.get(table, table): _count(table) for table in referring}
    business["凭证"] = _count("ledger_journal", "kind <> 'opening'")
    found = "、".join(f"{what} {number} 笔" for what, number in business.items() if number)
    if found:
        raise rejections.HAS_BUSINESS(what=found)
    emptied = [*_FILLED, *referring]
    with connection.cursor() as cursor:
        # Ledger and settlements refuse TRUNCATE as they refuse every change; a demo that nobody used is no ledger yet.
        for table in emptied:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(emptied)} RESTART IDENTITY")
        for table in emptied:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for sequence in ("registry_person_number", "registry_employer_number"):
            cursor.execute(f"ALTER SEQUENCE {sequence} RESTART")
    ledger.forget_accounts()


def _referring_tables() -> list[str]:
    """Tables that point to what the demo fills, directly or through others: encounters, settlements and so on."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE reached (id) AS (
                SELECT unnest(%s::regclass[])::oid
                UNION
                SELECT c.conrelid FROM pg_constraint c JOIN reached ON reached.id = c.confrelid WHERE c.contype = 'f')
            SELECT id::regclass::text FROM reached ORDER BY 1
            """,
            [list(_FILLED)],
        )
        return [table for (table,) in cursor.fetchall() if table not in _FILLED]


_WITH_PERIODS = (
    "registry_enrolment",
    "registry_identityclass",
    "contributions_entitlement",
    "accounts_familybinding",
)

_FILLED = (
    "registry_area",
    "registry_employer",
    "registry_household",
    "registry_person",
    "registry_card",
    "registry_enrolment",
    "registry_identityclass",
    "registry_diseasecertificate",
    "registry_change",
    "registry_sealedchange",
    "contributions_entitlement",
    "accounts_account",
    "accounts_familybinding",
    "catalogues_item",
    "catalogues_itemterm",
    "catalogues_pricelimit",
    "catalogues_mapping",
    "catalogues_diagnosis",
    "catalogues_outpatientdisease",
    "providers_institution",
    "providers_agreement",
    "providers_operatorsession",
    "ledger_account",
    "ledger_journal",
    "ledger_entry",
    "ledger_businessday",
    "ledger_dailybalance",
)


def _count(table: str, condition: str = "true") -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {condition}")
        (number,) = cursor.fetchone()
    return int(number)


def _analyze() -> None:
    """The planner needs to know what was loaded. Inside somebody's transaction VACUUM is not possible, ANALYZE is."""
    tables_ = ", ".join(table for table in _FILLED if not table.startswith("ledger_business"))
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables_}" if connection.in_atomic_block else f"VACUUM (ANALYZE) {tables_}")


def this_year(now: datetime) -> int:
    """The year whose first day a city built now shows."""
    return now.astimezone(SHANGHAI).year


def first_day(year: int) -> date:
    """The reference day of the city."""
    return date(year, 1, 1)
