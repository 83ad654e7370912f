"""From uploaded bytes to advice, and the people's side of it. Knows no queue."""
