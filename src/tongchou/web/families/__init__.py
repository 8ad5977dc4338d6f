"""家庭共济: who may pay from a person's account, whose account the person may use, what others paid from it."""
