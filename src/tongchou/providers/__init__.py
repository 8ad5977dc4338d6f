"""Designated institutions and pharmacies, their agreements and their operators' sign-ins (二定点)."""
