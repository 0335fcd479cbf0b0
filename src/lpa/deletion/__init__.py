"""Delete a profile: plan, findings, procedure, and the check afterwards."""
