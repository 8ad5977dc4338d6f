"""Screens of the re-run (重新结算): try, look at the differences, hand them in, follow the booking."""
