"""重新结算: settlements of the past evaluated again, the differences reviewed and booked. Rules are in ``core.rerun``."""
