"""Nothing is lost wherever a session is interrupted: see `test_killed`."""
