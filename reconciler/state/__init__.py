"""What is kept on disk between runs: plan files, and the state database."""
