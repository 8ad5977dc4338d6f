"""Who works with the system: operators, their posts and what a post may do. Approvals and the audit trail come here too."""
