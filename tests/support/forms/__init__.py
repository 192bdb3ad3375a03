"""What an untidy model answers to the prompts of each method, one method a file."""
