"""A room of the test: one slow job kind, for workers that are killed."""
