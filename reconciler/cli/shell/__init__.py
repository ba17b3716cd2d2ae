"""What all commands share: the application, its session, options, output and errors."""
