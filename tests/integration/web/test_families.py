"""家庭共济 on the screens: bound and ended at the counter by two people, who pays is named and masked, who looked is noted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests.integration.web import city as cities
from tests.integration.web.conftest import ClientOf
from tongchou.accounts.models import Account, FamilyBinding
from tongchou.control.api import approve, create_operator
from tongchou.control.models import Case, Operator, Trail
from tongchou.kernel.identifiers import id_check_character, mask_name
from tongchou.settlement import api
from tongchou.web import settlement_queries as reads
from tongchou.web import statement

OWNER, MEMBER = 4, 3  # an employee born 1978, a resident born 1971 of the same household
BOUND = {"relation": "spouse", "scheme": "310", "reason": "授权书、结婚证"}


@pytest.fixture
def clerk(city: cities.City) -> Client:
    """A clerk and a reviewer with a person behind the account: without one nobody decides a case."""
    for number, (login, post) in enumerate((("teller", "clerk"), ("checker", "reviewer")), 1):
        body = f"62990119800101{number:03}"
        create_operator(
            login=login, password=cities.PASSWORD, name=login, organisation="中心", area=cities.AREA, post=post,
            id_number=body + id_check_character(body),
        )  # fmt: skip
    client = Client()
    client.post("/login/", {"login": "teller", "password": cities.PASSWORD})
    return client


def approved(number: int) -> Case:
    case = Case.objects.get(pk=number)
    reviewer = Operator.objects.get(login="checker")
    return approve(case_id=number, operator=reviewer, seen_hash=case.payload_hash, now=timezone.now())


def hand_in(clerk: Client, path: str, **form: Any) -> int:
    """Post a form; the number of the case that it became."""
    answer = clerk.post(path, form)
    assert answer.status_code == 302, answer.content.decode()
    return int(answer.headers["Location"].rstrip("/").rpartition("/")[2])


@pytest.fixture
def pair(city: cities.City) -> tuple[Any, Any]:
    return city.persons[OWNER], city.persons[MEMBER]


@pytest.fixture
def bound(clerk: Client, pair: tuple[Any, Any]) -> FamilyBinding:
    owner, member = pair
    today = timezone.localdate().isoformat()
    approved(
        hand_in(clerk, f"/persons/{owner.number}/family/new/", member=member.number, since=today, last="", **BOUND)
    )
    return FamilyBinding.objects.get()


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return str(answer.content.decode())


def buy(member: Any) -> int:
    """An outpatient bill, paid from the family account as far as the pool does not pay."""
    now = timezone.now()
    lines = cities._lines((2, 4), (3, 2), now)
    request = api.PurchaseInput(
        person_number=member.number, scheme="390", med_type="11", begin_at=now,
        claimed_total=sum(line.amount for line in lines), lines=lines, account_used="2",
    )  # fmt: skip
    return cities._settle(request, cities.CLINIC, "2102", now)


def test_a_relative_is_bound_by_two_people_and_stands_on_both_pages(
    clerk: Client, pair: tuple[Any, Any], city: cities.City
) -> None:
    owner, member = pair
    page = f"/persons/{owner.number}/family/"
    assert "还没有共济成员" in text_of(clerk, page)
    assert "家庭共济" in text_of(clerk, f"/persons/{owner.number}/")
    paper = SimpleUploadedFile("授权书.pdf", b"%PDF-1.7 consent", "application/pdf")
    case = hand_in(
        clerk,
        f"{page}new/",
        member=member.cert_no.lower(),
        since=timezone.localdate().isoformat(),
        last="",
        paper=paper,
        **BOUND,
    )
    shown = text_of(clerk, f"/control/cases/{case}/")
    assert mask_name(member.name) in shown
    assert "配偶" in shown
    assert "授权书.pdf" in shown
    assert "待复核" in text_of(clerk, page)
    assert not FamilyBinding.objects.exists()
    approved(case)
    shown = text_of(clerk, page)
    assert member.number in shown
    assert mask_name(member.name) in shown
    assert member.name not in shown
    assert "长期" in shown
    other = text_of(clerk, f"/persons/{member.number}/family/")
    assert owner.number in other
    assert "没有个人账户" in other


def test_who_looked_stands_in_the_trail_of_owner_and_member(
    clerk: Client, bound: FamilyBinding, pair: tuple[Any, Any]
) -> None:
    owner, member = pair
    text_of(clerk, f"/persons/{owner.number}/family/")
    for person in (owner, member):
        assert Trail.objects.filter(
            person_id=person.pk, object_kind="family", action="read", operator="teller"
        ).exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"member": ""}, "请输入成员的证件号码或人员编号"),
        ({"member": "999"}, "999"),
        ({"member": "owner"}, "不能把本人绑定为本人账户的共济成员"),
        ({"relation": ""}, "不在本统筹区家庭共济范围内"),
        ({"relation": "child"}, "出生日期"),
        ({"since": "昨天"}, "日期应如"),
        ({"last": "2020-01-01"}, "共济日期不正确"),
        ({"reason": " "}, "没有写明依据"),
        ({"scheme": "390"}, "没有险种 390 的个人账户"),
    ],
)
def test_what_can_not_be_is_said_and_nothing_is_handed_in(
    clerk: Client, pair: tuple[Any, Any], change: dict[str, str], words: str
) -> None:
    owner, member = pair
    form = {"member": member.number, "since": timezone.localdate().isoformat(), "last": "", **BOUND, **change}
    if form["member"] == "owner":
        form["member"] = owner.number
    answer = clerk.post(f"/persons/{owner.number}/family/new/", form)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Case.objects.exists()


def test_a_file_that_is_no_paper_is_refused(clerk: Client, pair: tuple[Any, Any]) -> None:
    owner, member = pair
    form = {"member": member.number, "since": timezone.localdate().isoformat(), "last": "", **BOUND}
    answer = clerk.post(
        f"/persons/{owner.number}/family/new/", form | {"paper": SimpleUploadedFile("a.pdf", b"MZ", "application/pdf")}
    )
    assert answer.status_code == 422
    assert "不是允许的文件类型" in answer.content.decode()


def test_the_payer_is_named_masked_wherever_the_payment_is_shown(
    clerk: Client, bound: FamilyBinding, pair: tuple[Any, Any], city: cities.City
) -> None:
    owner, member = pair
    before = Account.objects.get(person=owner).balance
    number = buy(member)
    paid = before - Account.objects.get(person=owner).balance
    assert paid > 0
    amount = f"{paid // 100}.{paid % 100:02d}"
    shown = text_of(clerk, f"/settlements/{number}/")
    assert f'共济账户（所有人 <a href="/persons/{owner.number}/family/">{mask_name(owner.name)}</a>）' in shown
    assert "共济账户支付" in shown
    assert Trail.objects.filter(
        person_id=owner.pk, object_kind="settlement", object_id=str(number), action="read"
    ).exists()
    used = text_of(clerk, f"/persons/{owner.number}/family/")
    assert f"/settlements/{number}/" in used
    assert used.count(amount) >= 3  # the payment, the member's sum of the year, the sum of all
    assert "共济成员就医购药" in text_of(clerk, f"/persons/{owner.number}/")
    found = reads.settlement(number, {"pooling_area": cities.AREA, "below": None})
    assert found is not None
    printed = statement.statement_data(
        settlement=found, steps=(), lines=(), policy="", centre="", printed_by="", printed_at=timezone.localtime()
    )
    assert printed["payer"] == f"个人账户支付 {amount} 元为家庭共济，由 {mask_name(owner.name)} 的个人账户支付。"
    pdf = clerk.get(f"/settlements/{number}/statement.pdf")
    assert pdf.content.startswith(b"%PDF")
    own = reads.settlement(city.settlements[0], {"pooling_area": cities.AREA, "below": None})
    assert own is not None
    assert own["payer"] is None
    assert statement._payer(own) == ""


def test_a_binding_is_ended_by_two_people_and_ends_no_second_time(
    clerk: Client, bound: FamilyBinding, pair: tuple[Any, Any]
) -> None:
    owner, member = pair
    page = f"/persons/{owner.number}/family/{bound.pk}/end/"
    assert mask_name(member.name) in text_of(clerk, page)
    assert clerk.post(page, {"ends": "x", "reason": "所有人申请"}).status_code == 422
    assert clerk.post(page, {"ends": timezone.localdate().isoformat(), "reason": ""}).status_code == 422
    case = hand_in(clerk, page, ends=timezone.localdate().isoformat(), reason="账户所有人申请解除")
    assert "待复核" in text_of(clerk, f"/persons/{owner.number}/family/")
    assert "自 " in approved(case).outcome
    bound.refresh_from_db()
    assert bound.period.upper == timezone.localdate() + timedelta(days=1)  # it began today: tomorrow at the earliest
    FamilyBinding.objects.filter(pk=bound.pk).update(
        period=(timezone.localdate() - timedelta(days=9), timezone.localdate())
    )
    assert clerk.get(page).status_code == 404
    assert "已解除" in text_of(clerk, f"/persons/{owner.number}/family/")


def test_another_persons_binding_and_another_citys_person_are_not_found(
    clerk: Client, bound: FamilyBinding, pair: tuple[Any, Any], client_of: ClientOf, city: cities.City
) -> None:
    _, member = pair
    assert clerk.get(f"/persons/{member.number}/family/{bound.pk}/end/").status_code == 404
    assert city.stranger is not None
    assert clerk.get(f"/persons/{city.stranger.number}/family/").status_code == 404
    assert client_of("lanzhou").get(f"/persons/{member.number}/family/").status_code == 404


def test_the_trail_says_what_was_done_in_words(bound: FamilyBinding, pair: tuple[Any, Any]) -> None:
    from tongchou.web.control.trail_words import lines_of

    owner, member = pair
    row = Trail.objects.get(person_id=owner.pk, action="family_bind")
    said = {line.label: line.after for line in lines_of(kind=row.object_kind, before=row.before, after=row.after)}
    assert said == {"共济成员": member.number, "与所有人关系": "配偶"}
    made = buy(member)
    sealed = Trail.objects.get(object_kind="settlement", object_id=str(made), action="settle")
    said = {line.label: line.after for line in lines_of(kind="settlement", before=None, after=sealed.after)}
    assert said["共济账户编号"] == str(Account.objects.get(person=owner).pk)
    assert said["政策包"]
