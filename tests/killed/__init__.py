"""Nothing is lost, wherever a session ends: see `test_killed`."""
