"""What is measured and on what: the programs, their configuration, their cores, the machine."""
