"""The screens of internal control: entrance and lock, review queue, rights, audit trail, parameters, sessions."""
