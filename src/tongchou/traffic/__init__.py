"""Plays institutions against the gateway over HTTP, as their own systems would: traffic for demo, tests and rehearsals.

It knows the wire and what an institution books for itself; it never looks into the centre's tables.
"""
