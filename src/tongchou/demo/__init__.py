"""The demo city 陇安市: a plausible, fictional city that fills an empty database, reproducible from a seed.

Nothing in it is a real person: the area code 6299 is in no edition of GB/T 2260, so no ID number of the city can be met
outside. What does not live here: the traffic of a day (it is played against the gateway over HTTP).
"""
