"""Tables that people send us as files: typed columns, errors by row and column, Excel and CSV, templates.

What does not live here: what a column means. Each room declares its own columns and decides what to do with the records.
"""
