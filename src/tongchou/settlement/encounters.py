"""Registrations and stays: open, describe, discharge, cancel (2201-2203, 2401-2405).

Each function is one transaction, or joins the one it is called in: messages call it inside
:func:`tongchou.settlement.receipts.once`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from tongchou.settlement import rejections
from tongchou.settlement.core.decision import admit_person, med_type_of
from tongchou.settlement.core.inputs import DiagnosisInput, DischargeInput, EncounterInput, VisitInput
from tongchou.settlement.core.tables import DEFAULT_MED_TYPE, MED_TYPES
from tongchou.settlement.core.views import SettlementView
from tongchou.settlement.drafting import CANCELLED, DISCHARGED, OPEN, SETTLED, STATUS_NAMES, institution
from tongchou.settlement.models import Encounter, EncounterDiagnosis
from tongchou.settlement.partitions import ensure_month
from tongchou.settlement.reading import Question, local_day, local_text, read_snapshots
from tongchou.settlement.sealed import keep_details
from tongchou.settlement.serials import next_id

OUTPATIENT, ADMISSION, DISCHARGE = "0", "1", "2"


@transaction.atomic(savepoint=False)
def register_encounter(*, institution_code: str, request: EncounterInput, now: datetime) -> int:
    """Register an outpatient visit (2201). Returns the encounter's id (mdtrt_id).

    Raises:
        Rejection: PROV-0xx institution, SETL-010 … SETL-014 person, SETL-015 med_type.
    """
    return _open(institution_code=institution_code, request=request, now=now, gate_med_type=request.med_type or "11")


@transaction.atomic(savepoint=False)
def admit(*, institution_code: str, request: EncounterInput, now: datetime) -> int:
    """Admit a person to hospital (2401); a person has one open stay at most. Returns the encounter's id.

    Raises:
        Rejection: as :func:`register_encounter`, SETL-015 no inpatient med_type, SETL-032 a stay is open elsewhere.
    """
    if not med_type_of(request.med_type).stay:
        raise rejections.UNKNOWN_MED_TYPE(med_type=request.med_type)
    return _open(institution_code=institution_code, request=request, now=now, gate_med_type=request.med_type)


def _open(*, institution_code: str, request: EncounterInput, now: datetime, gate_med_type: str) -> int:
    question = Question(
        institution=institution_code,
        message="",
        person=request.person_number,
        scheme=request.scheme,
        day=local_day(request.begin_at),
        today=local_day(now),
    )
    snapshot = read_snapshots([question])[0]
    institution(institution_code, gate_med_type, snapshot)
    insured = admit_person(snapshot=snapshot, person_number=request.person_number, scheme=request.scheme)
    if med_type_of(gate_med_type).stay:
        _refuse_second_stay(insured.person.id)
    month = snapshot.day.replace(day=1)
    ensure_month(month)
    encounter = Encounter(
        id=next_id(now),
        area=insured.enrolment.pooling_area,
        person_id=insured.person.id,
        institution_code=institution_code,
        scheme=request.scheme,
        med_type=request.med_type,
        visit_no=request.visit_no,
        status=OPEN,
        begin_at=request.begin_at,
        disease_code=request.disease_code,
        disease_name=request.disease_name,
        department=request.department,
        doctor=request.doctor,
        fee_month=month,
        created_at=now,
    )
    keep_details(encounter, request.details)
    encounter.save(force_insert=True)
    _diagnose(encounter, request.diagnoses)
    return encounter.pk


def _refuse_second_stay(person_id: int, but: int = 0) -> None:
    """One open stay per person, also when two hospitals admit at the same moment (lock held until the commit)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('tongchou.stay:' || %s::text, 0))", [str(person_id)]
        )
    stays = [code for code, med_type in MED_TYPES.items() if med_type.stay]
    other = Encounter.objects.filter(person_id=person_id, status=OPEN, med_type__in=stays).exclude(pk=but).first()
    if other is not None:
        since = local_day(other.begin_at).isoformat()
        raise rejections.STAY_OPEN(since=since, institution=other.institution_code)


def own(*, encounter_id: int, institution_code: str, person_number: str) -> Encounter:
    """The institution's and person's own encounter, locked until the commit. An empty person number is not compared.

    Raises:
        Rejection: SETL-030.
    """
    row = (
        Encounter.objects.select_for_update(of=("self",))
        .select_related("person")
        .filter(pk=encounter_id, institution_code=institution_code)
        .first()
    )
    if row is None or (person_number and row.person.number != person_number):
        raise rejections.UNKNOWN_ENCOUNTER(encounter=encounter_id)
    return row


def refuse_state(encounter: Encounter, allowed: Iterable[str], *, action: str, hint: str) -> None:
    """Refuse unless the encounter is in one of the allowed states.

    Raises:
        Rejection: SETL-031.
    """
    if encounter.status not in allowed:
        status = STATUS_NAMES[encounter.status]
        raise rejections.ENCOUNTER_STATE(encounter=encounter.pk, status=status, action=action, hint=hint)


def refuse_other_kind(encounter: Encounter, *, stay: bool, action: str) -> None:
    """Refuse what is for stays on an outpatient visit, and the other way round.

    Raises:
        Rejection: SETL-047.
    """
    _refuse_kind(encounter.pk, encounter.med_type, stay=stay, action=action)


def refuse_other_settlement(view: SettlementView, *, stay: bool) -> None:
    """As :func:`refuse_other_kind` for what is being settled.

    Raises:
        Rejection: SETL-047.
    """
    _refuse_kind(view.encounter_id, view.med_type, stay=stay, action="办理住院结算" if stay else "办理门诊结算")


def _refuse_kind(encounter: int, med_type: str, *, stay: bool, action: str) -> None:
    found = MED_TYPES.get(med_type)
    is_stay = found is not None and found.stay
    if is_stay != stay:
        kind = "住院就诊" if is_stay else "门诊就诊"
        raise rejections.OTHER_KIND_OF_VISIT(encounter=encounter, kind=kind, action=action)


@transaction.atomic(savepoint=False)
def record_visit(*, institution_code: str, request: VisitInput) -> int:
    """Record what an outpatient visit was about (2203): med_type, disease, diagnoses.

    A diagnosis with ``valid`` False is taken back; one that is sent again replaces the earlier one.

    Raises:
        Rejection: SETL-030, SETL-031, SETL-047, SETL-015, PROV-004 med_type not covered, SETL-034 lines are settled under another.
    """
    encounter = own(
        encounter_id=request.encounter_id, institution_code=institution_code, person_number=request.person_number
    )
    refuse_other_kind(encounter, stay=False, action="上传门诊就诊信息")
    refuse_state(encounter, (OPEN, SETTLED), action="上传就诊信息", hint="已撤销的挂号请重新登记（2201）")
    _check_med_type(encounter, request)
    encounter.med_type = request.med_type
    encounter.disease_code = request.disease_code or encounter.disease_code
    encounter.disease_name = request.disease_name or encounter.disease_name
    keep_details(encounter, request.details)
    encounter.save(update_fields=["med_type", "disease_code", "disease_name", "details", "contact"])
    _diagnose(encounter, request.diagnoses)
    return encounter.pk


def _check_med_type(encounter: Encounter, request: VisitInput) -> None:
    if med_type_of(request.med_type).stay:
        raise rejections.MED_TYPE_DIFFERS(med_type=request.med_type, registered=encounter.med_type or DEFAULT_MED_TYPE)
    question = Question(
        institution=encounter.institution_code,
        message="",
        person=encounter.person.number,
        scheme=encounter.scheme,
        day=local_day(encounter.begin_at),
        today=local_day(encounter.begin_at),
    )
    institution(encounter.institution_code, request.med_type, read_snapshots([question])[0])
    if encounter.med_type not in ("", request.med_type) and line_counts(encounter)[1]:
        raise rejections.MED_TYPE_DIFFERS(med_type=request.med_type, registered=encounter.med_type)


@transaction.atomic(savepoint=False)
def update_encounter(
    *, institution_code: str, encounter_id: int, person_number: str, changes: Mapping[str, Any],
    diagnoses: Iterable[DiagnosisInput] = (),
) -> int:  # fmt: skip
    """Change the registered particulars of a stay (2403): visit_no, department, doctor, disease, begin_at, details.

    Raises:
        Rejection: SETL-030, SETL-031, SETL-047, SETL-035 the beginning lies after the end.
        KeyError: a change names a column that may not change (a bug of the caller).
    """
    encounter = own(encounter_id=encounter_id, institution_code=institution_code, person_number=person_number)
    refuse_other_kind(encounter, stay=True, action="变更住院信息")
    refuse_state(encounter, (OPEN, DISCHARGED), action="变更", hint="已结算的请先撤销结算（2305）")
    allowed = {"visit_no", "department", "doctor", "disease_code", "disease_name", "begin_at", "details"}
    for name, value in changes.items():
        if name not in allowed:
            raise KeyError(name)
        if name == "details":
            keep_details(encounter, value)
        else:
            setattr(encounter, name, value)
    if encounter.end_at is not None and encounter.end_at < encounter.begin_at:
        raise rejections.BAD_DATES(begin=local_text(encounter.begin_at), end=local_text(encounter.end_at))
    encounter.save(update_fields=sorted({*changes, "contact"}) if changes else None)
    _diagnose(encounter, diagnoses)
    return encounter.pk


@transaction.atomic(savepoint=False)
def cancel_encounter(*, institution_code: str, encounter_id: int, person_number: str) -> int:
    """Cancel an outpatient registration (2202) that has no fee lines any more.

    Raises:
        Rejection: SETL-030, SETL-031, SETL-047, SETL-036 settled lines, SETL-037 unsettled lines.
    """
    encounter = own(encounter_id=encounter_id, institution_code=institution_code, person_number=person_number)
    refuse_other_kind(encounter, stay=False, action="撤销挂号")
    refuse_state(encounter, (OPEN, SETTLED), action="撤销挂号", hint="已撤销的无需再次撤销")
    _refuse_lines(encounter, "撤销挂号")
    return _set_status(encounter, CANCELLED)


@transaction.atomic(savepoint=False)
def cancel_admission(*, institution_code: str, encounter_id: int, person_number: str) -> int:
    """Cancel an admission (2404) that has no fee lines and no discharge any more.

    Raises:
        Rejection: SETL-030, SETL-031, SETL-047, SETL-036, SETL-037.
    """
    encounter = own(encounter_id=encounter_id, institution_code=institution_code, person_number=person_number)
    refuse_other_kind(encounter, stay=True, action="撤销入院")
    refuse_state(
        encounter, (OPEN,), action="撤销入院", hint="已出院的请先撤销出院（2405），已结算的请先撤销结算（2305）"
    )
    _refuse_lines(encounter, "撤销入院")
    return _set_status(encounter, CANCELLED)


@transaction.atomic(savepoint=False)
def discharge(*, institution_code: str, request: DischargeInput) -> int:
    """Discharge a person from hospital (2402).

    Raises:
        Rejection: SETL-030, SETL-031, SETL-047, SETL-035 discharged before admitted.
    """
    encounter = own(
        encounter_id=request.encounter_id, institution_code=institution_code, person_number=request.person_number
    )
    refuse_other_kind(encounter, stay=True, action="办理出院")
    refuse_state(encounter, (OPEN,), action="办理出院", hint="已出院的请先撤销出院（2405）再重新办理")
    if request.end_at < encounter.begin_at:
        raise rejections.BAD_DATES(begin=local_text(encounter.begin_at), end=local_text(request.end_at))
    encounter.status = DISCHARGED
    encounter.end_at = request.end_at
    encounter.disease_code = request.disease_code or encounter.disease_code
    encounter.disease_name = request.disease_name or encounter.disease_name
    encounter.department = request.department or encounter.department
    keep_details(encounter, request.details)
    encounter.save()
    _diagnose(encounter, request.diagnoses)
    return encounter.pk


@transaction.atomic(savepoint=False)
def cancel_discharge(*, institution_code: str, encounter_id: int, person_number: str) -> int:
    """Take a discharge back (2405).

    Raises:
        Rejection: SETL-030, SETL-031, SETL-047, SETL-032 the person was admitted elsewhere meanwhile.
    """
    encounter = own(encounter_id=encounter_id, institution_code=institution_code, person_number=person_number)
    refuse_other_kind(encounter, stay=True, action="撤销出院")
    refuse_state(encounter, (DISCHARGED,), action="撤销出院", hint="已结算的请先撤销结算（2305）；未出院的无需撤销")
    _refuse_second_stay(encounter.person_id, but=encounter.pk)
    encounter.status, encounter.end_at = OPEN, None
    encounter.save(update_fields=["status", "end_at"])
    return encounter.pk


def line_counts(encounter: Encounter) -> tuple[int, int]:
    """How many unsettled and how many settled lines an encounter has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE settlement_id IS NULL), count(settlement_id) FROM settlement_feeline"
            " WHERE fee_month = %s AND encounter_id = %s",
            [encounter.fee_month, encounter.pk],
        )
        unsettled, settled = cursor.fetchone()
    return unsettled, settled


def _refuse_lines(encounter: Encounter, action: str) -> None:
    unsettled, settled = line_counts(encounter)
    if settled:
        raise rejections.HAS_SETTLED_LINES(encounter=encounter.pk, action=action)
    if unsettled:
        raise rejections.HAS_LINES(encounter=encounter.pk, count=unsettled, action=action)


def _set_status(encounter: Encounter, status: str) -> int:
    encounter.status = status
    encounter.save(update_fields=["status"])
    return encounter.pk


def _diagnose(encounter: Encounter, diagnoses: Iterable[DiagnosisInput]) -> None:
    main = None
    for given in diagnoses:
        key: dict[str, Any] = {"encounter": encounter, "phase": given.phase, "kind": given.kind, "order": given.order}
        if not given.valid:
            EncounterDiagnosis.objects.filter(**key).delete()
            continue
        particulars: dict[str, Any] = {
            "code": given.code,
            "name": given.name,
            "main": given.main,
            "department": given.department,
            "doctor": given.doctor,
            "diagnosed_at": given.diagnosed_at,
        }
        EncounterDiagnosis.objects.update_or_create(**key, defaults=particulars)
        if given.main or main is None:
            main = given
    if main is not None:
        encounter.diagnosis_code, encounter.diagnosis_name = main.code, main.name
        encounter.save(update_fields=["diagnosis_code", "diagnosis_name"])
