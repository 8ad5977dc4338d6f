"""Personal accounts (个人账户): the balance that must hold now; its movements are ledger entries."""
