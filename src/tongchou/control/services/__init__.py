"""Use cases of control. One function, one transaction; who acts comes from ``control.actor``."""
