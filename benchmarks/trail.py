"""How long verifying (and sealing) the audit trail takes: ``python benchmarks/trail.py [rows, default 10,000,000]``.

Starts a PostgreSQL of its own, fills the trail with rows of the size that a settlement leaves, seals, verifies. Also
prints what one row costs the statement that writes it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

FILL = """
INSERT INTO control_trail (written_by, seq, at, day, area, channel, operator, post, address, action, object_kind, object_id,
                           person_id, after, reason)
SELECT 1000, nextval('control_trail_seq'), now() - interval '1 minute' + n * interval '1 microsecond', current_date, '620100',
       'gateway', 'H62010200' || lpad((n %% 999)::text, 3, '0'), '', '', 'settle', 'settlement',
       (7200000000000000000 + n)::text, n %% 1000000,
       '620100|390|21|' || n || '|12|0|340|88|' || md5(n::text) || md5(n::text), ''
FROM generate_series(1, %s) AS n
"""


def main(rows: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="tongchou-trail-"))
    os.environ |= {
        "TONGCHOU_HOME": str(folder / "home"),
        "TONGCHOU_SECRET_KEY": "benchmark",
        "TONGCHOU_TRAIL_ANCHORS": str(folder),
    }
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.project.settings")
    from tongchou.project import database
    from tongchou.project.commands_database import migrate

    folder.chmod(0o755)
    with database.started():
        migrate(verbosity=0)
        from django.db import connection, transaction
        from django.utils import timezone

        from tongchou.control.services import sealing

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(FILL, [rows])
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE control_trail")
            cursor.execute("SELECT pg_total_relation_size('control_trail')")
            print(f"{rows:,} rows, {cursor.fetchone()[0] / 2**20:,.0f} MiB with indexes")
        began = time.perf_counter()
        sealed = sealing.seal(now=timezone.now())
        print(f"sealed {sealed.rows:,} rows in {sealed.blocks} blocks: {time.perf_counter() - began:.1f} s")
        began = time.perf_counter()
        found = sealing.check()
        print(f"verified: {time.perf_counter() - began:.1f} s, {len(found)} findings {found[:3]}")
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN (ANALYZE, COSTS OFF) " + _ONE_BY_ONE, [20_000])
            print("20,000 rows one by one through the trigger:", cursor.fetchall()[-1][0])
    shutil.rmtree(folder, ignore_errors=True)


_ONE_BY_ONE = """
INSERT INTO control_trail (area, channel, operator, action, object_kind, object_id, person_id, after)
SELECT '620100', 'gateway', 'H62010200001', 'settle', 'settlement', n::text, n, md5(n::text) FROM generate_series(1, %s) AS n
"""

if __name__ == "__main__":
    main(int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 10_000_000)
