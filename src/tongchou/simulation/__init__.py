"""What a policy would pay for a year of claims, and what another version of it would pay (政策模拟).

The claims come from Parquet, each person's in order; the computation is the plan's own function over arrays, so a simulated
claim is the settled claim to the fen. What does not live here: rules (``policy``), claims of the database (their room's api).
"""
