"""What an operator can mend: one clear line in Chinese and English that says what to do, exit code 2, no traceback."""

from __future__ import annotations


class OperationProblem(Exception):
    """A state of the machine or a wrong command that the person at the terminal can mend.

    The command line prints it as one line. Everything else that is raised is a bug and keeps its traceback.
    """

    exit_code = 2

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en
        super().__init__(f"{zh} / {en}")
