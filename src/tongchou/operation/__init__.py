"""Running the centre: jobs, the daily plan, messages, backup, restore, standby, metrics, health, logs.

No business rule lives here. What a job does belongs to the room that knows it; this room runs it, shows it and starts
it again.
"""
