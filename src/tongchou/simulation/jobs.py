"""The job kind of simulation: take a snapshot of the database if asked for, run both policies, keep figures and workbook."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from tongchou.kernel.jobs import RunningJob, job
from tongchou.settlement import api as settlement
from tongchou.simulation.choices import all_packs, insured
from tongchou.simulation.rejections import NO_CLAIMS, UNKNOWN_DATA
from tongchou.simulation.service import Inputs, simulate_year
from tongchou.simulation.snapshots import Snapshot, Store, export_year
from tongchou.simulation.workbook import write_workbook

KIND = "simulation.run"
FILE, FIGURES = "simulation.xlsx", "figures.json"
"""What a run leaves in its folder: the workbook to download, and the figures that the page shows."""


@job(KIND, title="政策模拟", remedy="请核对数据和参数后重新模拟")
def run_simulation(run: RunningJob) -> None:
    """Arguments: ``inputs`` (see ``service.Inputs``), and ``data`` (hash of a data set) or ``year`` (of the database)."""
    inputs = Inputs.of(run.arguments["inputs"])
    store = Store(Path(settings.MEDIA_ROOT), inputs.area)
    data = _data(run, inputs, store)
    run.log(f"数据 {data.title}：{data.claims:,} 笔，SHA-256 {data.hash}")
    found = simulate_year(
        inputs,
        [store.use(data.hash, now=timezone.now())],
        settlement.book(),
        other=all_packs() if inputs.against_packs else None,
        progress=lambda done, total: run.progress(done=done, total=total, note=f"已计算 {done:,} 笔"),
    )
    said = [("数据", data.title), ("数据哈希", data.hash), *described(inputs)]
    run.result_file(FIGURES).write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    write_workbook(run.result_file(FILE), found, said)
    run.result(数据=data.title, 数据哈希=data.hash, 笔数=found["claims"], 人数=found["persons"])


def _data(run: RunningJob, inputs: Inputs, store: Store) -> Snapshot:
    """The data set that was chosen, or a snapshot of the database; a run that goes on uses the one it had taken."""
    digest = run.checkpoint or run.arguments.get("data")
    if digest:
        found = store.find(str(digest))
        if found is None:
            raise UNKNOWN_DATA(hash=str(digest)[:12])
        return found
    year = int(run.arguments["year"])
    names = {"area": inputs.area, "scheme": inputs.scheme}
    if not settlement.count_of_year(**names, year=year):
        raise NO_CLAIMS(**names, year=year)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "claims.parquet"
        claims = export_year(
            file,
            **names,
            year=year,
            book=settlement.book(),
            progress=lambda done, total: run.progress(done=done, total=total, note=f"导出 {done:,} 笔"),
        )
        now = timezone.localtime()
        taken = store.keep(
            file, title=f"数据库 {year} 年度，截至 {now:%Y-%m-%d %H:%M}", source="database", scheme=inputs.scheme,
            claims=claims, now=now, year=year, insured=insured(area=inputs.area, scheme=inputs.scheme, on=now.date()),
        )  # fmt: skip
    with run.step(checkpoint=taken.hash, note="数据已导出"):
        pass
    return taken


def described(inputs: Inputs) -> list[tuple[str, str]]:
    """The inputs in words, for the workbook and the page."""
    said = [("统筹区", inputs.area), ("险种", inputs.scheme), ("政策日期", inputs.on or "各笔费用发生日")]
    said += [("模拟参数", text) for text in inputs.sets]
    if inputs.against_on:
        said.append(("对比政策的日期", inputs.against_on))
    if inputs.against_packs:
        said.append(("对比政策包", " + ".join(inputs.against_packs)))
    if inputs.draft:
        said.append(
            ("政策草稿", f"{inputs.draft_title}（SHA-256 {hashlib.sha256(inputs.draft.encode()).hexdigest()[:12]}）")
        )
    said += [("固定取值", f"{name}={value}") for name, value in inputs.fixed.items()]
    return said
