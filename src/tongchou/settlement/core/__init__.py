"""The pure rules of settlement: from five snapshots and one policy plan to a decision that is then written once.

No clock, no database, no Django. ``inputs`` is what institutions ask, ``snapshots`` what is known, ``tables`` the code
tables, ``facts`` what the policy is told, ``bill`` the fee lines, ``decision`` what is decided, ``views`` what is shown.
"""
