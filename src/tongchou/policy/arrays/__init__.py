"""The same generated integer function, over arrays: columns of independent claims, and persons' claims in order.

:mod:`~tongchou.policy.arrays.columns` runs a plan over columns of independent claims, as whole numbers carried in float64
lanes; :mod:`~tongchou.policy.arrays.sequences` runs it over the claims of persons in order, with their accumulators, in
int64. Both are made from ``plan.source``; there is no second implementation of a rule.

numba and numpy are needed here and nowhere else in the policy room.
"""

from tongchou.policy.arrays.columns import ColumnKernel, TooLargeError, column_kernel
from tongchou.policy.arrays.sequences import SequenceKernel, SequenceResult, sequence_kernel

__all__ = [
    "ColumnKernel",
    "SequenceKernel",
    "SequenceResult",
    "TooLargeError",
    "column_kernel",
    "sequence_kernel",
]
