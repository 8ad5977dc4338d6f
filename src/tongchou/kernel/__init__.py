"""The ground everything stands on: money, rates, periods, identifiers, rejections.

Only the standard library is imported here, never Django. What does not live here: anything that knows a policy,
a table or a screen.
"""
