"""What the tests share: servers that misbehave on request."""
