"""Decision reports (决策报表). What is here so far: the anonymised extract of a year's claims, for analysis elsewhere."""
