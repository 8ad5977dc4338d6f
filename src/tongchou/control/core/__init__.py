"""The rules of internal control: pure functions on frozen data. No clock, no database, no settings."""
