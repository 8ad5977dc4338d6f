"""匿名抽取: ask for an anonymised extract of a year's settlements, and take it out when it is approved and written."""
