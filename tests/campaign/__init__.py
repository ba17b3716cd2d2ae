"""Long attempts at breaking what docs/guarantees.md promises; a short, seeded part of each runs with the tests."""
