"""One script per published number; each says the machine, the spread and the target."""
