"""What SM2 and SM4 cost the gateway a message: admitting it and sealing its answer, in microseconds of one core.

    python -m benchmarks.signing [--each 200]

Processor time, the best of seven turns. Messages and answers of a bill of some lines.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

INPUT_TEXT, OUTPUT_TEXT = "费用明细" * 500, "汉字数据" * 400


def best(work: Callable[[], object], each: int) -> int:
    """Microseconds of processor time of one call."""
    return round(min(timeit.repeat(work, timer=time.process_time, number=each, repeat=7)) / each * 1e6)


def main() -> None:
    """Print one line per agreement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=200)
    each = parser.parse_args().each
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"TONGCHOU_GATEWAY_SIGNING": "sm", "TONGCHOU_GATEWAY_KEYS": f"{folder}/keys"}
        from tests.unit.exchange import signed
        from tongchou.exchange import signing

        centre, now = signed.centre_key(), datetime.now(UTC)
        head = {"infcode": 0, "inf_refmsgid": "6", "err_msg": "", "output": {"x": OUTPUT_TEXT}, "warn_msg": ""}
        answer = json.dumps({**head, "cainfo": "", "signtype": ""}, ensure_ascii=False).encode()
        content = json.dumps({"d": INPUT_TEXT}, ensure_ascii=False).encode()
        for number, (encryption, cipher) in enumerate((("off", "SM4-GCM"), ("both", "SM4-GCM"), ("both", "SM4-ECB"))):
            code = f"H6299010000{number}"
            client = signed.hand_over(code, centre, encryption=encryption, cipher=cipher)
            fields = {name: value for name, value in signed.message(fixmedins_code=code).items() if name != "input"}
            body = client.seal(fields, content)
            admitted = signing.admit({}, body, None, now=now)
            admit = best(partial(signing.admit, {}, body, None, now=now), each)
            seal = best(partial(admitted.seal, answer), each)
            name = "signed" if encryption == "off" else f"signed, {cipher}"
            print(f"{name}: admit {admit} µs ({len(body)} bytes), seal {seal} µs ({len(answer)} bytes)")


if __name__ == "__main__":
    main()
