"""The three catalogues, diagnoses, price limits and the mapping of institutions' own codes (医疗管理, 对照)."""
