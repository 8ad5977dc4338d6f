"""Policy versions made at the centre: drafts, their check and cases, publication by two people, undoing before the day (政策发布)."""
