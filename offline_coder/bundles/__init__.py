"""Floor 4: everything a machine without internet needs, in one folder that can be carried."""
