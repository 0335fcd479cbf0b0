"""Delete a profile: plan, findings, backup, procedure, and the check afterwards."""
