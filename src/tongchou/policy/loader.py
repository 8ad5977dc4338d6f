"""The only module of the engine that reads files: a directory (or one file) of packs, and their case files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tongchou.policy.findings import Finding, PolicyErrors
from tongchou.policy.nodes import Map, parse_yaml

CASES = "cases"
SHAPES = "shapes"
"""Fragments of many cities' documents: examples of the language, in force nowhere. Loaded only when named."""


def default_pack_directory() -> Path:
    """The packs that ship with the product: ``policies/`` of a checkout, else the copy inside the installed package.

    Raises:
        FileNotFoundError: neither is there; the installation is incomplete.
    """
    package = Path(__file__).resolve().parent.parent
    for candidate in (package.parent.parent / "policies", package / "_policies"):
        if candidate.is_dir() and any(candidate.glob("*.yaml")):
            return candidate
    raise FileNotFoundError("no policy packs found: reinstall the package, or name a directory of packs")


def read_packs(path: Path) -> list[Map]:
    """Every YAML document under a directory except case files; or the one file given.

    Raises:
        PolicyErrors: nothing there, a file that cannot be read, or a case file.
    """
    found = list(_read(path, pack_files(path)))
    cases = [tree for tree in found if tree.get("cases") is not None and tree.get("pack") is None]
    if cases:
        remedy = "这里应为政策包的文件或目录；案例用policy test 政策包目录，或policy evaluate --pack 政策包 --case 案例文件来运行"
        raise PolicyErrors([Finding(tree.file, 1, "", "这是案例文件，不是政策包", remedy) for tree in cases])
    return found


def pack_files(path: Path) -> list[Path]:
    """The pack and binding files under a path, sorted."""
    if path.is_file():
        return [path]
    left_out = {CASES, SHAPES}
    return sorted(file for file in path.rglob("*.yaml") if not left_out & set(file.relative_to(path).parts))


def case_files(path: Path, *, anywhere: bool = False) -> list[Path]:
    """The case files under a path, sorted; a single file counts as a case file.

    They stand in folders named ``cases``; where there is none, ``anywhere`` takes all files of the directory itself.
    """
    if path.is_file():
        return [path]
    if anywhere and path.is_dir() and not case_files(path):
        return sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml", ".json"))
    inside = path.name == CASES
    found = ((file, file.relative_to(path).parts) for file in path.rglob("*.yaml"))
    return sorted(file for file, parts in found if SHAPES not in parts and (inside or CASES in parts))


def read_cases(path: Path, *, anywhere: bool = False) -> list[Map]:
    """The case files under a path, parsed.

    Raises:
        PolicyErrors: a file that cannot be read, or that is a pack.
    """
    found = list(_read(path, case_files(path, anywhere=anywhere)))
    packs = [tree for tree in found if tree.get("cases") is None and tree.get("pack") is not None]
    if packs:
        remedy = f"policy test要的是政策包所在的目录，它运行其中{CASES}/里的案例；单独一个案例文件用policy evaluate --pack 政策包 --case 案例文件"
        raise PolicyErrors([Finding(tree.file, 1, "", "这是政策包，不是案例文件", remedy) for tree in packs])
    return found


def _read(root: Path, found: list[Path]) -> Iterator[Map]:
    if not found:
        message = "目录里没有找到YAML文件" if root.is_dir() else "没有这个文件或目录"
        raise PolicyErrors([Finding(str(root), 0, "", message, "请核对路径")])
    for file in found:
        name = file.name if root.is_file() else file.relative_to(root).as_posix()
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError as error:
            remedy = "请在编辑器里另存为UTF-8编码(不是GBK、ANSI)"
            raise PolicyErrors([Finding(name, 0, "", "文件不是UTF-8编码", remedy)]) from error
        except OSError as error:
            raise PolicyErrors([Finding(name, 0, "", f"无法读取：{error}", "请核对文件权限")]) from error
        tree = parse_yaml(text, name)
        if not isinstance(tree, Map):
            raise PolicyErrors([Finding(name, 1, "", "文件应为“键: 值”的形式", "请参照语言手册书写")])
        yield tree
