"""Many companies with one command: each is a task, and tasks run in many processes, here or on other machines."""
