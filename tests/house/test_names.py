"""English names in the code: no pinyin. National wire fields are abbreviations of English and pass."""

from __future__ import annotations

import ast
import re

from tests.house.source import everything, report

PINYIN = frozenset(
    """
    baoxian baoxiao bili bingzhong buzhu canbao canbaoren caiwu chaxun chayi chengzhen chengxiang chongxiao chuyuan
    daiyu danwei dibao dingdian duizhang ersheng fapiao feiyong fenzu fuwu gerenzhanghu geren gongfei gongshi guanli
    huizong jiaofei jiesuan jigou jijin jine jisuan jiuyi jiuzhen jizhen jumin keshi leixing lingshou liushui menzhen
    menzhenteshu mingxi nianling qifuxian qifu qingkuan renyuan ruyuan shebao shenfenzheng shenhe shenpi shiyou shuju
    tongyong tuifei wubao xianyi xianmu xiangmu xingbie xingming yaodian yaopin yewu yibao yiliao yisheng yiyuan
    yuangong zaizhi tuixiu zhanghu zhengce zhenliao zhifu zhigong zhongduan zhuanyuan zhuyuan zifei zifu zongjine
    """.split()
)
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def test_no_pinyin_in_names() -> None:
    found = sorted(
        f"{source.name}: {name}"
        for source in everything()
        for name in _names(source.tree) | {source.path.stem}
        if PINYIN & {word.lower() for word in WORD.findall(name)}
    )
    assert not found, report(found)


def _names(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return names
