"""The views: thin, one query or service call each. What they may show is decided in ``web.access``."""
