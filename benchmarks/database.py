"""The yardstick: pgbench TPC-B on the same PostgreSQL, scale 20, 8 connections, durable."""

from __future__ import annotations

import re
import subprocess

from benchmarks.harness import Context, Row, thousands

SCALE = 20
CONNECTIONS = 8


def measure(context: Context) -> list[Row]:
    """Leaves ``figures["tpcb_tps"]`` for the others."""
    from tongchou.project.postgres import cluster_in

    cluster = cluster_in(context.home)
    environment = context.environment | cluster.environment("tongchou")
    environment["PGOPTIONS"] = "-c search_path=pgbench"
    pgbench = str(cluster.bin / "pgbench")
    context.tongchou("db", "psql", "-qc", "CREATE SCHEMA pgbench")
    subprocess.run([pgbench, "-i", "-q", "-s", str(SCALE)], env=environment, check=True, capture_output=True)
    command = [pgbench, "-c", str(CONNECTIONS), "-j", "2", "-T", str(context.seconds), "-P", "5"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found = re.search(r"tps = (\d+)", done.stdout)
    if found is None:
        raise RuntimeError(f"pgbench said: {done.stdout}")
    context.figures["tpcb_tps"] = int(found[1])
    context.tongchou("db", "psql", "-qc", "DROP SCHEMA pgbench CASCADE")
    note = f"`pgbench -s {SCALE} -c {CONNECTIONS} -T {context.seconds}`"
    return [Row("pgbench TPC-B", thousands(context.figures["tpcb_tps"]), "transactions/s", note=note)]
