"""Contributions and the entitlement that follows from them (医保基金管理). So far: entitlement periods only."""
