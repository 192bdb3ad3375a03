"""Recipe files that the tests run as a user would."""
